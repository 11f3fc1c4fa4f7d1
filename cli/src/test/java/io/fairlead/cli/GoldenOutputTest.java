package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.cli.client.FakeAgent;
import io.fairlead.cli.client.Samples;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole outputs, as files: golden/COMMAND.txt and golden/COMMAND.json. */
class GoldenOutputTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path directory;

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = new FakeAgent(directory.resolve("agent.sock"));
        Samples.all().forEach(agent::answer);
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "endpoint list",
                "identity list",
                "node list",
                "route list",
                "bpf endpoint list",
                "bpf ipcache list",
                "bpf metrics list",
                "version",
                "endpoint get 149",
                "endpoint log 149",
                "identity get 11575",
                "bpf ipmasq list",
                "health status",
                "health get",
                "health ping",
                "status"
            })
    void everyCommandPrintsItsTableAndItsJson(String command) throws IOException {
        CommandRun table = run(command);
        assertThat(table).isEqualTo(new CommandRun(FairleadCli.OK, golden(command, "txt"), ""));

        CommandRun json = run(command + " -o json");
        assertThat(json).isEqualTo(new CommandRun(FairleadCli.OK, golden(command, "json"), ""));
        assertThat(MAPPER.readTree(json.out()).isContainerNode()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "endpoint list",
                "identity list",
                "node list",
                "route list",
                "bpf endpoint list",
                "bpf ipcache list",
                "bpf metrics list",
                "bpf ipmasq list",
                "endpoint log 149",
                "identity get 11575"
            })
    void noHeadersLeavesOutTheHeaderOnly(String command) throws IOException {
        String whole = golden(command, "txt");
        CommandRun bare = run(command + " --no-headers");
        assertThat(bare.out().lines().map(String::strip).map(line -> line.replaceAll(" +", " ")))
                .containsExactlyElementsOf(whole.lines()
                        .skip(command.equals("endpoint list") ? 2 : 1)
                        .map(String::strip)
                        .map(line -> line.replaceAll(" +", " "))
                        .toList());
    }

    private CommandRun run(String command) {
        return CommandRun.of(
                Map.of("FAIRLEAD_SOCKET", directory.resolve("agent.sock").toString()), command.split(" ", -1));
    }

    private static String golden(String command, String form) throws IOException {
        String name = "golden/" + command.replace(' ', '-') + "." + form;
        try (InputStream resource = GoldenOutputTest.class.getResourceAsStream(name)) {
            return resource == null
                    ? "no file " + name
                    : new String(resource.readAllBytes(), StandardCharsets.UTF_8)
                            .replace(
                                    "@client@",
                                    CommandRun.of(Map.of(), "--version").out().strip());
        }
    }
}
