package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.cli.client.FakeAgent;
import io.fairlead.cli.client.Samples;
import io.fairlead.proto.agent.v1.GetStatusResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusTest {
    @TempDir
    private Path directory;

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = new FakeAgent(directory.resolve("agent.sock"));
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    @Test
    void briefOfAHealthyNodeIsOneWord() {
        agent.answer(Samples.status());
        assertThat(run("--brief")).isEqualTo(new CommandRun(0, "OK\n", ""));
    }

    @Test
    void briefOfAnUnhealthyNodeNamesEveryReasonAndFails() {
        agent.answer(Samples.unhealthy());
        assertThat(run("--brief")).isEqualTo(new CommandRun(1, """
                        error in kvstore: Failure   quorum check failed 2 times in a row
                        error in controller resync-routes: route add 10.244.2.0/24: ENETUNREACH (Nexthop has invalid gateway)
                        """, ""));
    }

    @Test
    void briefWithoutAReasonStillFails() {
        agent.answer(GetStatusResponse.newBuilder().setHealthy(false).build());
        assertThat(run("--brief"))
                .isEqualTo(new CommandRun(1, "error in agent: it is not healthy and names no reason\n", ""));
    }

    @Test
    void failingControllersAreShownUnderTheirLineAndTheCommandFails() {
        agent.answer(Samples.unhealthy());
        CommandRun run = run();
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out())
                .contains("Controller Status:   1/2 healthy\n  Name            Last success   Last error")
                .contains("resync-routes   never")
                .contains("7       route add 10.244.2.0/24: ENETUNREACH")
                .doesNotContain("resync-ipcache");
    }

    @Test
    void controllersStandAfterMasquerading() {
        agent.answer(Samples.status());
        assertThat(run().out().lines().map(line -> line.substring(0, line.indexOf(':'))))
                .containsExactly(
                        "KVStore",
                        "Fairlead",
                        "IPAM",
                        "Host Routing",
                        "Masquerading",
                        "Controller Status",
                        "Cluster health");
    }

    @Test
    void verboseShowsEveryController() {
        agent.answer(Samples.status());
        assertThat(run("--verbose").out())
                .contains("resync-routes ")
                .containsPattern("resync-ipcache +never +never +0 +no error");
    }

    @Test
    void jsonOfAnUnhealthyNodeFailsToo() {
        agent.answer(Samples.unhealthy());
        CommandRun run = run("-o", "json");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).contains("\"healthy\" : false", "\"consecutive-failure-count\" : 7");
    }

    private CommandRun run(String... more) {
        String[] args = new String[more.length + 3];
        args[0] = "--socket";
        args[1] = directory.resolve("agent.sock").toString();
        args[2] = "status";
        System.arraycopy(more, 0, args, 3, more.length);
        return CommandRun.of(Map.of(), args);
    }
}
