package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.fairlead.cli.client.FakeAgent;
import io.fairlead.cli.client.Samples;
import io.fairlead.proto.agent.v1.ListBpfCtResponse;
import io.fairlead.proto.agent.v1.ListBpfNatResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SysdumpTest {
    @TempDir
    private Path directory;

    private FakeAgent agent;
    private HttpServer health;

    @BeforeEach
    void start() throws IOException {
        agent = new FakeAgent(directory.resolve("agent.sock"));
        Samples.all().forEach(agent::answer);
        agent.answer(ListBpfCtResponse.getDefaultInstance()).answer(ListBpfNatResponse.getDefaultInstance());
        health = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        health.createContext("/", exchange -> {
            byte[] body = (exchange.getRequestURI().getPath() + " of the service\n").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(
                    exchange.getRequestURI().getPath().equals("/healthz") ? 503 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        health.start();
    }

    @AfterEach
    void stop() {
        agent.close();
        health.stop(0);
    }

    @Test
    void everythingIsInOneFileThatOnlyItsOwnerMayRead() throws IOException {
        Path log = Files.writeString(directory.resolve("agent.log"), "a line\n");
        Path file = directory.resolve("dump.zip");

        CommandRun run = sysdump(file, address(), "--log", log.toString());

        assertThat(run.code()).isZero();
        Map<String, String> parts = parts(file);
        assertThat(parts).containsKeys("agent/status.txt", "agent/status.json", "agent/bpf-ct-list.txt");
        assertThat(parts.get("agent/endpoint-list.txt")).contains("10.244.0.25");
        assertThat(parts.get("kernel/ip-address-show.txt")).contains("127.0.0.1");
        String service = "health/" + address().replace(':', '-');
        assertThat(parts.get(service + "/healthz.json")).isEqualTo("HTTP 503\n/healthz of the service\n");
        assertThat(parts.get(service + "/metrics.txt")).isEqualTo("/metrics of the service\n");
        assertThat(parts.entrySet().stream().filter(e -> e.getKey().startsWith("logs/")))
                .singleElement()
                .satisfies(e -> assertThat(e.getValue()).isEqualTo("a line\n"));
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
    }

    @Test
    void whatCannotBeHadIsListedAndTakesNothingElseAway() throws IOException {
        agent.close();
        health.stop(0);
        Path file = directory.resolve("dump.zip");

        CommandRun run = sysdump(file, address(), "--log", "/no/such/log");

        assertThat(run.code()).isZero();
        Map<String, String> parts = parts(file);
        assertThat(parts.get("kernel/uname-a.txt")).contains("Linux");
        assertThat(parts.get("missing.txt"))
                .contains("agent/status.txt: ", "Is the agent running?", "logs/no-such-log: ", "metrics.txt: ");
        assertThat(run.err()).contains("fairlead: warning: not in it: agent/status.txt: ");
    }

    @Test
    void mistakesAreNamedAndNothingIsOverwritten() throws IOException {
        Path file = Files.writeString(directory.resolve("dump.zip"), "mine");

        assertThat(sysdump(file, address()).err()).contains("--output-file: " + file + " is there already");
        assertThat(file).hasContent("mine");
        CommandRun broken = sysdump(directory.resolve("other.zip"), "http://x/");
        assertThat(broken.code()).isEqualTo(2);
        assertThat(broken.err()).contains("--health-address: http://x/ (expected: host:port");
        assertThat(directory.resolve("other.zip")).doesNotExist();
        CommandRun nowhere = sysdump(directory.resolve("no/such/dir/dump.zip"), address());
        assertThat(nowhere.code()).isEqualTo(1);
        assertThat(nowhere.err()).contains("cannot be written");
    }

    private String address() {
        return "127.0.0.1:" + health.getAddress().getPort();
    }

    private CommandRun sysdump(Path file, String address, String... more) {
        String[] args = new String[7 + more.length];
        System.arraycopy(
                new String[] {
                    "sysdump",
                    "--socket",
                    directory.resolve("agent.sock").toString(),
                    "--output-file",
                    file.toString(),
                    "--health-address",
                    address
                },
                0,
                args,
                0,
                7);
        System.arraycopy(more, 0, args, 7, more.length);
        return CommandRun.of(Map.of(), args);
    }

    /** Contents by name, without the folder they all lie in. */
    private static Map<String, String> parts(Path file) throws IOException {
        Map<String, String> parts = new TreeMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            zip.stream().forEach(entry -> {
                try {
                    String name = entry.getName();
                    parts.put(
                            name.substring(name.indexOf('/') + 1),
                            new String(zip.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        return parts;
    }
}
