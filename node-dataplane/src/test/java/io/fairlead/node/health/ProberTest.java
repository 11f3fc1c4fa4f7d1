package io.fairlead.node.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.health.FakeCluster.Asked;
import io.fairlead.node.health.PathState.Reach;
import io.fairlead.node.health.Probes.Kind;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProberTest {
    private final FakeCluster cluster = new FakeCluster();

    @Test
    void allNodesOfASmallClusterAreKnownWithinTwoSeconds() {
        cluster.size(3);
        Prober prober = cluster.prober();
        prober.start();
        cluster.timers.advance(Duration.ofSeconds(2));
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(3);
        assertThat(prober.state().nodes().get(0).node().local()).isTrue();
        assertThat(prober.state().nodes()).hasSize(3);
        assertThat(prober.state().oldest())
                .hasValueSatisfying(
                        at -> assertThat(at).isBetween(FakeCluster.START, FakeCluster.START.plusSeconds(2)));
    }

    @Test
    void aNodeThatStopsAnsweringIsUnreachableWithinARoundAndReachableAgain() {
        cluster.size(3);
        Prober prober = cluster.prober();
        prober.start();
        cluster.timers.advance(Duration.ofSeconds(5));
        cluster.silent.addAll(FakeCluster.node(2).endpoint());
        Duration round = new ProbeSchedule(HealthSettings.DEFAULT.interval()).round(3);
        cluster.timers.advance(round);
        NodeState second = prober.state().nodes().get(1);
        assertThat(second.reach()).isEqualTo(Reach.UNREACHABLE);
        assertThat(PathState.reach(second.host())).isEqualTo(Reach.REACHABLE);
        assertThat(second.endpoint().get(0).icmp().orElseThrow())
                .isInstanceOfSatisfying(
                        ProbeOutcome.Failed.class,
                        failed -> assertThat(failed.reason()).isEqualTo("Connection timed out"));
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(2);
        cluster.silent.clear();
        cluster.timers.advance(round);
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 50, 500, 5000})
    void atMostTwoNodesAreProbedASlotWhateverTheClustersSize(int nodes) {
        cluster.size(nodes);
        Prober prober = cluster.prober();
        prober.start();
        int seconds = 120;
        cluster.timers.advance(Duration.ofSeconds(seconds));
        Map<Long, Integer> bySecond = new HashMap<>();
        for (Asked asked : cluster.asked) {
            bySecond.merge(asked.millis() / 1000, 1, Integer::sum);
        }
        // a node is four probes; one by its slot and one new one in 250 ms; the slot that a second begins in
        int most = bySecond.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
        assertThat(most).isLessThanOrEqualTo(4 * (2 * 4 + 2));
    }

    @Test
    void everyNodeOfFiveThousandIsProbedWithinARound() {
        int nodes = 5000;
        cluster.size(nodes);
        Prober prober = cluster.prober();
        prober.start();
        ProbeSchedule schedule = new ProbeSchedule(HealthSettings.DEFAULT.interval());
        cluster.timers.advance(schedule.round(nodes).plusSeconds(2));
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(nodes);
    }

    @Test
    void aNodeThatIsNewOrHasAnotherAddressIsProbedSoon() {
        cluster.size(3);
        Prober prober = cluster.prober();
        prober.start();
        cluster.timers.advance(Duration.ofSeconds(5));
        cluster.size(4);
        cluster.timers.advance(Duration.ofSeconds(3));
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(4);

        Ip moved = Ip.parse("192.0.2.9");
        HealthNode old = FakeCluster.node(4);
        cluster.nodes = List.of(
                FakeCluster.node(1),
                FakeCluster.node(2),
                FakeCluster.node(3),
                new HealthNode(old.name(), false, List.of(moved), old.endpoint()));
        cluster.timers.advance(Duration.ofSeconds(3));
        assertThat(cluster.asked).anyMatch(asked -> asked.ip().equals(moved));
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(4);
    }

    @Test
    void aNodeThatIsGoneIsForgottenWithItsResults() {
        cluster.size(3);
        Prober prober = cluster.prober();
        prober.start();
        cluster.timers.advance(Duration.ofSeconds(5));
        cluster.size(2);
        cluster.timers.advance(Duration.ofSeconds(2));
        assertThat(prober.state().nodes()).hasSize(2);
        cluster.asked.clear();
        cluster.timers.advance(Duration.ofMinutes(10));
        assertThat(cluster.asked)
                .isNotEmpty()
                .noneMatch(asked -> asked.ip().equals(FakeCluster.node(3).host().get(0)));
    }

    @Test
    void whoAsksForAllGetsAllAndOnlySoManyAtATime() throws Exception {
        cluster.size(500);
        Prober prober = cluster.prober();
        cluster.hold = true;
        CompletableFuture<Void> done = prober.probeAll();
        assertThat(cluster.asked).hasSize(4 * Prober.AT_ONCE);
        assertThat(prober.probeAll()).as("the same round").isSameAs(done);
        synchronized (cluster) {
            cluster.hold = false;
        }
        List.copyOf(cluster.held).forEach(answer -> answer.complete(Duration.ofMillis(1)));
        done.get(20, TimeUnit.SECONDS);
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(500);
        assertThat(cluster.asked).hasSize(4 * 500);
        assertThat(prober.probeAll()).as("another round").isNotSameAs(done);
    }

    @Test
    void aSourceThatFailsPausesProbingAndNoMore() {
        cluster.size(2);
        boolean[] broken = {true};
        Prober prober = new Prober(
                HealthSettings.DEFAULT,
                () -> {
                    if (broken[0]) {
                        throw new IllegalStateException("no state");
                    }
                    return cluster.nodes;
                },
                cluster,
                new Prober.Time(cluster.timers, cluster.clock, new java.util.Random(1)));
        prober.start();
        cluster.timers.advance(Duration.ofSeconds(3));
        assertThat(prober.state().nodes()).isEmpty();
        broken[0] = false;
        cluster.timers.advance(Duration.ofSeconds(3));
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(2);
    }

    @Test
    void aStoppedProberAsksNobody() {
        cluster.size(3);
        Prober prober = cluster.prober();
        prober.start();
        prober.close();
        cluster.asked.clear();
        cluster.timers.advance(Duration.ofMinutes(5));
        assertThat(cluster.asked).isEmpty();
        assertThat(cluster.timers.waiting()).isZero();
    }

    @Test
    void aNodeWhoseEndpointIsNotKnownIsProbedAtItsAddressAlone() {
        HealthNode bare = new HealthNode("dev1", true, List.of(Ip.parse("192.0.2.1")), List.of());
        cluster.nodes = List.of(bare);
        Prober prober = cluster.prober();
        prober.start();
        cluster.timers.advance(Duration.ofSeconds(1));
        assertThat(cluster.asked).extracting(Asked::kind).startsWith(Kind.ICMP, Kind.HTTP);
        assertThat(prober.state().count(Reach.REACHABLE)).isEqualTo(1);
    }
}
