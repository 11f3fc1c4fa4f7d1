package io.fairlead.node.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import io.fairlead.node.health.ClusterState;
import io.fairlead.node.health.HealthNode;
import io.fairlead.node.health.NodeState;
import io.fairlead.node.health.PathState;
import io.fairlead.node.health.ProbeOutcome;
import io.fairlead.proto.agent.v1.GetHealthRequest;
import io.fairlead.proto.agent.v1.GetHealthResponse;
import io.fairlead.proto.agent.v1.StatusLine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HealthAnswersTest {
    private static final Instant AT = Instant.parse("2022-01-19T06:44:27.5Z");
    private static final ProbeOutcome REACHED = new ProbeOutcome.Reached(AT, Duration.ofNanos(287_500));
    private static final ProbeOutcome LATER = new ProbeOutcome.Reached(AT.plusSeconds(9), Duration.ZERO);
    private static final ProbeOutcome FAILED = new ProbeOutcome.Failed(AT, "Connection timed out");

    private static PathState path(String ip, ProbeOutcome icmp, ProbeOutcome http) {
        return new PathState(Ip.parse(ip), Optional.of(icmp), Optional.of(http));
    }

    private static NodeState node(int number, ProbeOutcome host, ProbeOutcome endpoint) {
        String ip = "192.168.2." + (30 + number);
        String pod = "10.244." + number + ".5";
        return new NodeState(
                new HealthNode("dev" + number, number == 1, List.of(Ip.parse(ip)), List.of(Ip.parse(pod))),
                List.of(path(ip, host, host)),
                List.of(path(pod, endpoint, endpoint)));
    }

    private static NodeState unknown(int number) {
        Ip ip = Ip.parse("192.168.2." + (30 + number));
        return new NodeState(
                new HealthNode("dev" + number, false, List.of(ip), List.of()),
                List.of(new PathState(ip, Optional.empty(), Optional.empty())),
                List.of());
    }

    @Test
    void allReachableIsOneLineWithTheTimeOfTheOldestResult() {
        ClusterState state =
                new ClusterState(List.of(node(1, LATER, REACHED), node(2, LATER, LATER), node(3, LATER, LATER)));
        StatusLine line = HealthLines.cluster(Optional.of(state));
        assertThat(line.getText()).isEqualTo("3/3 reachable (2022-01-19T06:44:27Z)");
        assertThat(line.getState()).isEqualTo(StatusLine.State.STATE_OK);
    }

    @Test
    void nodesThatDoNotAnswerAreNamedAndMakeThisOneNoFailure() {
        ClusterState state = new ClusterState(List.of(node(1, REACHED, REACHED), node(2, REACHED, FAILED), unknown(3)));
        StatusLine line = HealthLines.cluster(Optional.of(state));
        assertThat(line.getText()).isEqualTo("""
                1/3 reachable (2022-01-19T06:44:27Z)
                  Name   IP   Node   Endpoints
                  dev2   192.168.2.32   reachable   unreachable""");
        assertThat(line.getState()).isEqualTo(StatusLine.State.STATE_WARNING);
    }

    @Test
    void ofManyUnreachableNodesTenAreNamed() {
        List<NodeState> nodes = new ArrayList<>();
        for (int i = 1; i <= 25; i++) {
            nodes.add(node(i, FAILED, FAILED));
        }
        assertThat(HealthLines.cluster(Optional.of(new ClusterState(nodes))).getText())
                .startsWith("0/25 reachable")
                .contains("dev1 (localhost)")
                .endsWith("  ... and 15 more");
    }

    @Test
    void withoutHealthBothLinesSaySo() {
        assertThat(HealthLines.cluster(Optional.empty()).getText()).isEqualTo("Probe disabled");
        assertThat(HealthLines.daemon(Optional.empty(), List.of()).getText()).isEqualTo("Disabled");
    }

    @Test
    void aNodeThatCannotAnswerSaysWhy() {
        ClusterState state = new ClusterState(List.of());
        assertThat(HealthLines.daemon(Optional.of(state), List.of("port taken")).getText())
                .isEqualTo("Failure port taken");
        assertThat(HealthLines.daemon(Optional.of(state), List.of()).getText()).isEqualTo("Ok");
    }

    @Test
    void theAnswerHasEveryPathAndSaysWhatIsNotKnownByLeavingItOut() {
        ClusterState state = new ClusterState(List.of(node(1, REACHED, FAILED), unknown(2)));
        HealthApi api = new HealthApi(
                () -> Optional.of(state), () -> CompletableFuture.completedFuture(null), Duration.ofSeconds(10));
        GetHealthResponse answer = api.answer(GetHealthRequest.getDefaultInstance());
        assertThat(answer.getProbeTimeMs()).isEqualTo(AT.toEpochMilli());
        assertThat(answer.getNodes(0).getLocal()).isTrue();
        assertThat(answer.getNodes(0).getHost(0).getIcmp().getRttNs()).isEqualTo(287_500);
        assertThat(answer.getNodes(0).getEndpoint(0).getHttp().getError()).isEqualTo("Connection timed out");
        assertThat(answer.getNodes(1).getHost(0).hasIcmp()).isFalse();
    }

    @Test
    void probingIsWaitedForOnlySoLong() {
        AtomicInteger asked = new AtomicInteger();
        HealthApi api = new HealthApi(
                () -> Optional.of(new ClusterState(List.of())),
                () -> {
                    asked.incrementAndGet();
                    return new CompletableFuture<>();
                },
                Duration.ofMillis(50));
        assertThat(api.answer(GetHealthRequest.newBuilder().setProbe(true).build())
                        .getNodesList())
                .isEmpty();
        assertThat(asked).hasValue(1);
        assertThat(api.answer(GetHealthRequest.getDefaultInstance()).getProbeTimeMs())
                .isZero();
        assertThat(asked).hasValue(1);
    }

    @Test
    void aNodeThatDoesNotCheckHealthRefuses() {
        HealthApi api = new HealthApi(Optional::empty, CompletableFuture::new, Duration.ofSeconds(1));
        assertThatThrownBy(() ->
                        api.answer(GetHealthRequest.newBuilder().setProbe(true).build()))
                .hasMessageContaining("enable-health-checking: false (expected: true");
    }

    @Test
    void datapathLinesHaveTheTextsUsersKnow() {
        assertThat(DatapathLines.monitor(Optional.of(new StatusInputs.Monitor(128, 64, 4096, 0, 0)))
                        .getText())
                .isEqualTo("Listening for events on 128 CPUs with 64x4096 of shared memory");
        assertThat(DatapathLines.monitor(Optional.of(new StatusInputs.Monitor(2, 64, 4096, 7, 1)))
                        .getText())
                .endsWith("\n  7 events lost, 1 unknown notifications");
        assertThat(DatapathLines.monitor(Optional.empty()).getText()).isEqualTo("Disabled");
        assertThat(DatapathLines.hostRouting(new StatusInputs.HostRouting(false, "kernel 5.9"))
                        .getText())
                .isEqualTo("Legacy (kernel 5.9)");
        assertThat(DatapathLines.maps(new StatusInputs.Maps(Optional.of(0.0025), Map.of("ipcache", 512000L)))
                        .getText())
                .isEqualTo("dynamic sizing: on (ratio: 0.002500)\n  Name      Size\n  ipcache   512000");
    }
}
