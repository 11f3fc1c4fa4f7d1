package io.fairlead.cli.connectivity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.cli.output.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The runner on a cluster that is made up: what it tries, what it says, and what it leaves. */
class RunnerTest {
    private final StringWriter out = new StringWriter();
    private final FakeCluster cluster = new FakeCluster(3);

    private Results run(FakeCluster on, String... tests) {
        List<String> chosen = tests.length == 0 ? Runner.names() : List.of(tests);
        PrintWriter writer = new PrintWriter(out);
        return new Runner(on, on, on, new Progress(writer, false), Clock.systemUTC()).run(chosen);
    }

    @Test
    void allTestsPassOnAClusterThatDoesAsPoliciesSayAndNothingStays() {
        Results results = run(cluster);
        assertThat(results.failed()).isEmpty();
        assertThat(results.tests()).hasSize(Runner.names().size() + 3);
        assertThat(results.tests().stream().map(Results.Test::name))
                .endsWith("health", "no-unexpected-packet-drops", "no-interrupted-connections", "check-log-errors");
        assertThat(results.actions()).isGreaterThan(200);
        assertThat(cluster.applied).hasSize((int)
                Catalogue.ALL.stream().filter(TestCase::hasPolicy).count());
        assertThat(cluster.places).isEmpty();
        assertThat(out.toString())
                .contains("[=] Test [no-policies] [1/" + results.tests().size() + "]")
                .contains("  [-] Scenario [no-policies/pod-to-pod]")
                .contains("  [.] Action [no-policies/pod-to-pod/tcp-ipv4: fairlead-test/client (")
                .endsWith("✅ All " + results.tests().size() + " tests (" + results.actions()
                        + " actions) successful, 0 tests skipped, 0 scenarios skipped.\n");
    }

    @Test
    void everyPolicyOfTheCatalogueLeavesSomethingThroughOrStopsSomething() {
        Results results = run(cluster);
        for (TestCase test : Catalogue.ALL) {
            Results.Test result = results.tests().stream()
                    .filter(r -> r.name().equals(test.name()))
                    .findFirst()
                    .orElseThrow();
            assertThat(result.actions()).as(test.name()).isNotEmpty();
            assertThat(result.actions().stream().anyMatch(action -> !action.expected()))
                    .as(test.name() + " expects a drop")
                    .isEqualTo(test.hasPolicy());
        }
    }

    @Test
    void aFlowThatDoesOtherwiseIsExplainedAndFailsItsTest() {
        cluster.broken.add("echo-ingress");
        Results results = run(cluster, "no-policies", "echo-ingress");
        assertThat(results.failed().stream().map(Results.Test::name)).containsExactly("echo-ingress");
        assertThat(cluster.explained).isNotEmpty();
        assertThat(out.toString())
                .contains("  ❌ an answer (expected: dropped by policy)")
                .contains("  ❌ no answer (expected: one)")
                .contains("     DROPPED: Policy denied")
                .contains("❌ 1/5 tests failed (")
                .endsWith(": echo-ingress\n");
        assertThat(Json.render(results.json())).contains("\"expected\" : \"dropped\"");
        assertThat(cluster.places).isEmpty();
    }

    @Test
    void aSilenceThatNoPolicyCountedIsNoDrop() {
        cluster.counts = false;
        Results results = run(cluster, "all-egress-deny");
        assertThat(results.failed()).hasSize(1);
        assertThat(results.failed().get(0).problems().get(0))
                .contains("flows got no answer, but policies stopped 0 packets");
    }

    @Test
    void whatMustHoldAllThroughIsWatched() {
        cluster.held = "the connection broke";
        FakeCluster noisy = cluster;
        Results results = new Runner(
                        noisy,
                        new Policies() {
                            @Override
                            public void apply(String documents) {
                                noisy.apply(documents);
                                noisy.otherDrops.put("Invalid source ip", 3L);
                                noisy.logs.get("dev2").add("12:00 ERROR [main] it went wrong");
                            }

                            @Override
                            public void deleteAll(String namespace) {
                                noisy.deleteAll(namespace);
                            }

                            @Override
                            public void close() {}
                        },
                        noisy,
                        new Progress(new PrintWriter(out), true),
                        Clock.systemUTC())
                .run(List.of("client-ingress"));
        assertThat(results.failed().stream().map(Results.Test::name))
                .containsExactly("no-unexpected-packet-drops", "no-interrupted-connections", "check-log-errors");
        assertThat(results.failed().get(0).problems())
                .contains("node dev1 dropped 3 packets: Invalid source ip")
                .hasSize(3);
        assertThat(results.failed().get(2).problems())
                .containsExactly("node dev2 logged: 12:00 ERROR [main] it went wrong");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aClusterOfOneNodeHasFewerFlowsAndNoFailures() {
        Results results = run(new FakeCluster(1));
        assertThat(results.failed()).isEmpty();
    }

    @Test
    void aDriverThatFailsEndsTheRunAndLeavesNothing() {
        FakeCluster none = new FakeCluster(0);
        assertThatThrownBy(() -> run(none)).isInstanceOf(DriverException.class).hasMessageContaining("nodes: none");
    }
}
