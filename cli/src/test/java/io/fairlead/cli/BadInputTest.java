package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.cli.client.FakeAgent;
import io.fairlead.cli.client.Samples;
import io.fairlead.proto.agent.v1.ListNodesResponse;
import io.fairlead.proto.agent.v1.ListRoutesResponse;
import io.grpc.Status;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputTest {
    @TempDir
    private Path directory;

    @Test
    void theEnvironmentSaysWhereTheConnectivityTestFindsTheIdentityService() {
        CommandRun run = CommandRun.of(
                Map.of("FAIRLEAD_IDENTITY_SERVICE_ADDRESS", "nowhere"),
                "connectivity",
                "test",
                "--driver",
                "/bin/true");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err())
                .contains(
                        "--identity-service-address: nowhere (expected: host:port or [address]:port, or several separated by commas)");
    }

    @Test
    void aMissingSocketIsOneLineWithItsPathAndAHint() {
        CommandRun run = run("status");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err())
                .startsWith("fairlead: cannot reach the agent at " + socket() + ": ")
                .contains("No such file or directory")
                .endsWith("Is the agent running?\n");
    }

    @Test
    void aSocketNobodyListensOnIsConnectionRefused() throws IOException {
        listen().close();
        assertThat(run("status", "--brief").err()).contains(socket(), "Connection refused", "Is the agent running?");
    }

    @Test
    void aPlainFileIsNoAgent() throws IOException {
        Files.writeString(directory.resolve("agent.sock"), "not a socket");
        CommandRun run = run("node", "list");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains(socket(), "Is the agent running?");
    }

    @Test
    void aServerThatTalksSomethingElseIsNoAgent() throws IOException, InterruptedException {
        try (ServerSocketChannel server = listen()) {
            Thread garbage = new Thread(() -> {
                try (SocketChannel caller = server.accept()) {
                    caller.write(ByteBuffer.wrap(
                            "HTTP/1.1 400 Bad Request\r\n\r\n".repeat(20).getBytes(StandardCharsets.US_ASCII)));
                } catch (IOException e) {
                    // The command hung up first; that is its right.
                }
            });
            garbage.start();
            CommandRun run = run("version");
            garbage.join();
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.out()).isEmpty();
            assertThat(run.err().lines()).hasSize(1);
            assertThat(run.err()).contains(socket());
        }
    }

    @Test
    void aServerThatNeverAnswersIsGivenUp() throws IOException {
        try (ServerSocketChannel server = listen()) {
            assertThat(server.isOpen()).isTrue();
            CommandRun run = run("status", "--timeout", "200ms");
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err())
                    .isEqualTo("fairlead: cannot reach the agent at " + socket()
                            + ": no answer within 200 ms. Is the agent running?\n");
        }
    }

    @Test
    void anAgentThatRefusesIsQuoted() throws Exception {
        try (FakeAgent agent = new FakeAgent(directory.resolve("agent.sock"))) {
            agent.refuse(ListNodesResponse.class, Status.INTERNAL.withDescription("map nodes: EPERM"));
            CommandRun run = run("node", "list");
            assertThat(run)
                    .isEqualTo(new CommandRun(
                            1, "", "fairlead: the agent at " + socket() + " refused: INTERNAL: map nodes: EPERM\n"));
        }
    }

    @Test
    void whatTheDistributorDoesNotSayIsUnknownNotNone() throws Exception {
        try (FakeAgent agent = new FakeAgent(directory.resolve("agent.sock"))) {
            ListRoutesResponse.Builder routes = Samples.routes().toBuilder().setDistributorError("deadline exceeded");
            routes.getRoutesBuilderList()
                    .forEach(route -> route.clearInstalled().clearFailed());
            agent.answer(routes.build());
            CommandRun run = run("route", "list", "--no-headers");
            assertThat(run.code()).isZero();
            assertThat(run.out().lines()).allMatch(line -> line.matches(".*\\? +\\?"));
            assertThat(run.err())
                    .isEqualTo("fairlead: warning: route-distributor could not be asked, so what other nodes have is"
                            + " unknown: deadline exceeded\n");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "frobnicate",
                "statsu",
                "endpoint",
                "bpf",
                "bpf endpoint",
                "endpoint list extra",
                "status --nonsense",
                "status -o yaml",
                "status -o JSON",
                "status --brief --verbose",
                "status --brief -o json",
                "node list --brief",
                "endpoint get",
                "endpoint get 0",
                "endpoint get 65536",
                "endpoint log -1",
                "endpoint get ipv4:",
                "endpoint get pod-name:web",
                "endpoint get name:web",
                "identity get",
                "identity get 4294967296",
                "identity get x",
                "identity get 4 --label k8s:app=web",
                "health",
                "health status --succinct --verbose",
                "status --timeout",
                "status --socket="
            })
    void aCommandLineThatIsNotUnderstoodGetsUsageAndTwo(String line) {
        CommandRun run = line.isEmpty() ? run() : run(line.split(" ", -1));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("fairlead: ").contains("Usage: fairlead");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "s", "-5s", "0s", "5 s", "61m", "99999999999999999999ms", "1h", "5S"})
    void aTimeoutThatIsNoneIsNamedWithWhatIsExpected(String text) {
        CommandRun run = run("status", "--timeout=" + text);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("fairlead: --timeout: " + text + " (expected: 1ms to 1h");
    }

    @Test
    void aSocketPathLongerThanTheKernelTakesIsRefused() {
        String path = "/" + "x".repeat(107);
        CommandRun run = CommandRun.of(Map.of("FAIRLEAD_SOCKET", path), "status");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).startsWith("fairlead: --socket: " + path + " (expected: a path of 1 to 107 bytes)");
    }

    @ParameterizedTest
    @CsvSource({"--help", "status --help", "bpf ipcache list -h", "endpoint -h"})
    void helpNeedsNoAgent(String line) {
        CommandRun run = run(line.split(" ", -1));
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("Usage: fairlead", "--socket", "--timeout", "--no-headers");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void versionOptionNeedsNoAgent() {
        assertThat(run("--version").out()).matches("\\d+\\.\\d+\\.\\d+\\S*\n");
    }

    private String socket() {
        return directory.resolve("agent.sock").toString();
    }

    private ServerSocketChannel listen() throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket()));
    }

    private CommandRun run(String... args) {
        return CommandRun.of(Map.of("FAIRLEAD_SOCKET", socket()), args);
    }
}
