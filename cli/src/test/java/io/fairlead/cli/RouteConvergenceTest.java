package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.cli.client.FakeRoutes;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteConvergenceTest {
    @Test
    void theSlowestComeFirstWithWhyAndASummaryLast() throws IOException {
        try (FakeRoutes routes = new FakeRoutes(99)) {
            assertThat(run(routes.address())).isEqualTo(new CommandRun(0, """
                            NODE   STATE          VERSION   BEHIND   REPLICA   REASON
                            dev3   disconnected   -         -        -         no stream
                            dev2   behind         800       12.3s    a-1       has not acknowledged version 812
                            dev1   converged      812       -        a-1       -

                            3 nodes, 1 converged at version 812; a change took 850us (median), 6.4ms (p99), 4m10s (max) to reach all, of the last 240
                            """, ""));
            assertThat(run(routes.address(), "--limit=1").out().lines()).hasSize(4);
            assertThat(run(routes.address(), "-o", "json").out())
                    .containsSubsequence(
                            "\"version\" : 812",
                            "\"converged\" : 1",
                            "\"samples\" : 240",
                            "\"name\" : \"dev3\"",
                            "\"name\" : \"dev2\"",
                            "\"behindMs\" : 12345");
        }
    }

    @Test
    void waitingEndsWhenAllAreThereOrTheTimeIsOver() throws IOException {
        try (FakeRoutes routes = new FakeRoutes(3)) {
            CommandRun run = run(routes.address(), "--wait=30s");
            assertThat(run.code()).isZero();
            assertThat(run.out())
                    .endsWith("3 nodes, 3 converged at version 812; no change since the distributor started\n");
        }
        try (FakeRoutes routes = new FakeRoutes(Integer.MAX_VALUE)) {
            CommandRun run = run(routes.address(), "--wait=300ms");
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.out()).contains("dev2   behind");
        }
    }

    @Test
    void aDistributorThatIsNotThereIsOneLine() throws IOException {
        String address;
        try (FakeRoutes routes = new FakeRoutes(0)) {
            address = routes.address();
        }
        for (String more : new String[] {"--no-headers", "--wait=200ms"}) {
            CommandRun run = run(address, more);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err())
                    .contains("the route-distributor at " + address)
                    .hasLineCount(1);
        }
        CommandRun fromEnvironment =
                CommandRun.of(Map.of("FAIRLEAD_ROUTE_DISTRIBUTOR_ADDRESS", address), "route", "convergence");
        assertThat(fromEnvironment.err()).contains(address);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--wait=0", "--wait=soon", "--wait=2h", "--limit=-1", "--limit=x"})
    void whatIsNotUnderstoodIsNamed(String option) {
        CommandRun run = run("127.0.0.1:1", option);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains(option.substring(0, option.indexOf('=')));
    }

    private static CommandRun run(String address, String... more) {
        String[] args = new String[more.length + 3];
        args[0] = "route";
        args[1] = "convergence";
        args[2] = "--route-distributor-address=" + address;
        System.arraycopy(more, 0, args, 3, more.length);
        return CommandRun.of(Map.of(), args);
    }
}
