package io.fairlead.node.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.FakeNode;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shim without an agent, or with one that does not answer. */
class ShimAloneTest {
    @TempDir
    private Path directory;

    private String config() {
        return "{\"cniVersion\":\"1.1.0\",\"name\":\"fairlead\",\"socket\":\"" + directory.resolve(CniAgent.SOCKET)
                + "\"}";
    }

    private String unreachable(int code, String details) {
        return "{\"cniVersion\":\"1.1.0\",\"code\":" + code + ",\"msg\":\"unable to connect to Fairlead agent: "
                + directory.resolve(CniAgent.SOCKET) + "\",\"details\":\"" + details + "\"}\n";
    }

    private List<Path> queue() throws Exception {
        Path queue = directory.resolve("delete-queue");
        if (!Files.exists(queue)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(queue)) {
            return files.toList();
        }
    }

    @Test
    void theBinaryIsSmallAndStatic() throws Exception {
        assertThat(Files.size(Shim.BUILT.binary())).isLessThan(100_000);
        assertThat(Shim.BUILT
                        .run(Map.of("CNI_COMMAND", "VERSION", "LD_PRELOAD", "/nonexistent.so"), "{}")
                        .exitCode())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'cniVersion':'0.4.0'}|0.4.0",
                "{'cniVersion':'9.9.9','x':[{'cniVersion':'1.0.0'}]}|9.9.9",
                "{'x':{'cniVersion':'0.3.1'},'cniVersion':'1.0.0'}|1.0.0",
                "{'cni\\u0056ersion':'1\\u002e0.0'}|1.0.0",
                "{'a':'}\\'','b':[1.5e-3,true,null,{}],'cniVersion':'0.3.1'}|0.3.1",
                "{'cniVersion':'1.0.0\\'x'}|1.1.0",
                "{'cniVersion':5}|1.1.0",
                "{}|1.1.0",
                "``|1.1.0",
                "nonsense|1.1.0"
            })
    void versionIsAnsweredWithoutAnAgent(String stdin, String version) throws Exception {
        String json = stdin.replace("\\'", "\\\u0001").replace('\'', '"').replace("\\\u0001", "\\\"");
        assertThat(Shim.BUILT.run(Shim.environment("VERSION", "CNI_NETNS=dummy", "CNI_IFNAME=dummy"), json))
                .isEqualTo(new Shim.Ended(
                        0,
                        "{\"cniVersion\":\"" + version
                                + "\",\"supportedVersions\":[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n"));
    }

    @ParameterizedTest
    @CsvSource({"ADD, 11", "CHECK, 11", "GC, 11", "STATUS, 50"})
    void commandsSayThatTheAgentIsAwayAndNameTheSocket(String command, int code) throws Exception {
        assertThat(Shim.BUILT.run(Shim.environment(command), config()))
                .isEqualTo(new Shim.Ended(
                        1, unreachable(code, "the agent is not running on this node, or uses another socket")));
        assertThat(queue()).isEmpty();
    }

    @Test
    void aDelIsKeptOnceAndCarriedOutWhenTheAgentStarts() throws Exception {
        FakeNode node = new FakeNode();
        Attachment pod = new Attachment("default-t2", "eth0");
        try (CniAgent agent = new CniAgent(directory, node)) {
            assertThat(Shim.BUILT.run(Shim.environment("ADD"), config()).exitCode())
                    .isZero();
            assertThat(agent.endpoints.find(pod)).isPresent();
        }
        for (int i = 0; i < 2; i++) {
            assertThat(Shim.BUILT.run(Shim.environment("DEL"), config())).isEqualTo(new Shim.Ended(0, ""));
        }
        assertThat(queue()).containsExactly(directory.resolve("delete-queue").resolve(DeleteQueue.fileName(pod)));
        Files.writeString(directory.resolve("delete-queue/0123456789abcdef"), "no frame");
        try (CniAgent agent = new CniAgent(directory, node)) {
            assertThat(agent.endpoints.endpoints()).isEmpty();
            assertThat(node.devices()).isEmpty();
            assertThat(queue()).containsExactly(directory.resolve("delete-queue/0123456789abcdef.bad"));
        }
    }

    @Test
    void aKeptDelIsCarriedOutBeforeTheNextAddOfThatContainerAndNeverAfter() throws Exception {
        FakeNode node = new FakeNode();
        try (CniAgent agent = new CniAgent(directory, node)) {
            Shim.BUILT.run(Shim.environment("ADD"), config());
            assertThat(agent.endpoints.find(pod())).isPresent();
        }
        Shim.BUILT.run(Shim.environment("DEL"), config());
        byte[] kept = Files.readAllBytes(queue().get(0));
        try (CniAgent agent = new CniAgent(directory, node)) {
            Shim.BUILT.run(Shim.environment("ADD"), config());
            Files.write(directory.resolve("delete-queue").resolve(DeleteQueue.fileName(pod())), kept);
            // the container comes back under another namespace: the old endpoint goes, the new one stays
            Shim.Ended again = Shim.BUILT.run(Shim.environment("ADD", "CNI_NETNS=/proc/88/ns/net"), config());
            assertThat(again.output()).contains("\"sandbox\":\"/proc/88/ns/net\"");
            assertThat(queue()).isEmpty();
            assertThat(agent.endpoints.endpoints()).hasSize(1);
        }
    }

    @Test
    void theAgentLooksForKeptDelsNowAndThen() throws Exception {
        FakeNode node = new FakeNode();
        try (CniAgent agent = new CniAgent(directory, node)) {
            Shim.BUILT.run(Shim.environment("ADD"), config());
            assertThat(agent.endpoints.find(pod())).isPresent();
        }
        Shim.BUILT.run(Shim.environment("DEL"), config());
        byte[] kept = Files.readAllBytes(queue().get(0));
        try (CniAgent agent = new CniAgent(directory, node, Duration.ofMillis(20))) {
            Shim.BUILT.run(Shim.environment("ADD"), config());
            Files.write(directory.resolve("delete-queue").resolve(DeleteQueue.fileName(pod())), kept);
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (!agent.endpoints.endpoints().isEmpty() && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertThat(agent.endpoints.endpoints()).isEmpty();
        }
    }

    private static Attachment pod() {
        return new Attachment("default-t2", "eth0");
    }

    @ParameterizedTest
    @CsvSource({"CNI_CONTAINERID=, CNI_CONTAINERID", "CNI_IFNAME=, CNI_IFNAME"})
    void aDelThatNamesNothingIsNotKept(String variable, String name) throws Exception {
        Shim.Ended ended = Shim.BUILT.run(Shim.environment("DEL", variable), config());
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.output()).contains("\"code\":4,\"msg\":\"" + name + ": missing");
        assertThat(queue()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{|a key and its value",
                "[]|a JSON object",
                "{} x|nothing behind the JSON object",
                "{'socket':'relative'}|an absolute path of at most 107 bytes as socket",
                "{'socket':7}|an absolute path of at most 107 bytes as socket",
                "{'a':'\\ud800'}|a JSON value",
                "{'a':[1,]}|a JSON value",
                "{'a':1 'b':2}|',' or '}' after a member"
            })
    void configurationsThatAreNoJsonAreRefused(String stdin, String expected) throws Exception {
        assertThat(Shim.BUILT.run(Shim.environment("ADD"), stdin.replace('\'', '"')))
                .isEqualTo(new Shim.Ended(
                        1,
                        "{\"cniVersion\":\"1.1.0\",\"code\":6,\"msg\":\"network configuration: not understood (expected: "
                                + expected + ")\",\"details\":\"\"}\n"));
    }

    @Test
    void tooMuchInputIsRefused() throws Exception {
        assertThat(Shim.BUILT
                        .run(Shim.environment("ADD"), new byte[(1 << 20) + 1])
                        .output())
                .contains("\"code\":6,\"msg\":\"network configuration: too long (expected: at most 1048576 bytes)\"");
        assertThat(Shim.BUILT
                        .run(Shim.environment("ADD", "CNI_ARGS=" + "x".repeat(70_000)), config())
                        .output())
                .contains("\"code\":4,\"msg\":\"CNI_ variables: too long (expected: at most 65536 bytes)\"");
        assertThat(Shim.BUILT.run(Shim.environment("ADD"), "[".repeat(100_000)).output())
                .contains("\"code\":6");
        assertThat(Shim.BUILT
                        .run(Shim.environment("ADD"), "{\"a\":" + "[".repeat(100_000))
                        .output())
                .contains("\"code\":6");
    }

    @Test
    void anAgentThatDoesNotAnswerIsGivenUpAtTheDeadline() throws Exception {
        Shim hasty = Shim.withDeadline(directory.resolve("hasty"), 200);
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(directory.resolve(CniAgent.SOCKET)));
            assertThat(hasty.run(Shim.environment("ADD"), config()))
                    .isEqualTo(new Shim.Ended(1, unreachable(11, "no answer in time")));
            assertThat(hasty.run(Shim.environment("DEL"), config())).isEqualTo(new Shim.Ended(0, ""));
            assertThat(queue()).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"''", "FLC", "XXXXxxxxxxxx", "FLCR\u0000\u0001\u0000\u0000\u007f\u007f\u007f\u007f"})
    void anAnswerThatIsNoneIsAnError(String answer) throws Exception {
        try (ServerSocketChannel rude = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            rude.bind(UnixDomainSocketAddress.of(directory.resolve(CniAgent.SOCKET)));
            Thread server = new Thread(() -> answer(rude, answer));
            server.start();
            assertThat(Shim.BUILT.run(Shim.environment("ADD"), config()))
                    .isEqualTo(new Shim.Ended(1, unreachable(11, "the connection ended without an answer")));
            server.join();
        }
    }

    private static void answer(ServerSocketChannel server, String answer) {
        try (SocketChannel client = server.accept()) {
            client.read(ByteBuffer.allocate(4096));
            client.write(ByteBuffer.wrap(answer.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
