package io.fairlead.node.api;

import io.fairlead.node.health.ClusterState;
import io.fairlead.node.health.NodeState;
import io.fairlead.node.health.PathState;
import io.fairlead.node.health.ProbeOutcome;
import io.fairlead.proto.agent.v1.GetHealthRequest;
import io.fairlead.proto.agent.v1.GetHealthResponse;
import io.fairlead.proto.agent.v1.NodeHealth;
import io.fairlead.proto.agent.v1.PathHealth;
import io.fairlead.proto.agent.v1.ProbeResult;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The answer to {@code fairlead health}. Blocks while nodes are probed; several threads may call. */
public final class HealthApi {
    private final Supplier<Optional<ClusterState>> state;
    private final Supplier<CompletableFuture<Void>> probeAll;
    private final Duration patience;

    /**
     * @param state what is known; empty when health is not checked
     * @param probeAll begins to probe all nodes
     * @param patience how long that is waited for: 10 s
     */
    public HealthApi(
            Supplier<Optional<ClusterState>> state, Supplier<CompletableFuture<Void>> probeAll, Duration patience) {
        this.state = state;
        this.probeAll = probeAll;
        this.patience = patience;
    }

    /**
     * What is known, after probing when that is asked for; what is not done in time keeps its last result.
     *
     * @throws io.grpc.StatusRuntimeException when health is not checked on this node
     */
    public GetHealthResponse answer(GetHealthRequest request) {
        if (request.getProbe() && state.get().isPresent()) {
            probeAll.get()
                    .copy()
                    .completeOnTimeout(null, patience.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        }
        ClusterState cluster = state.get()
                .orElseThrow(() -> Status.FAILED_PRECONDITION
                        .withDescription("enable-health-checking: false (expected: true for health to be known)")
                        .asRuntimeException());
        GetHealthResponse.Builder response = GetHealthResponse.newBuilder()
                .setProbeTimeMs(cluster.oldest().map(Instant::toEpochMilli).orElse(0L));
        cluster.nodes().forEach(node -> response.addNodes(message(node)));
        return response.build();
    }

    private static NodeHealth message(NodeState node) {
        NodeHealth.Builder message = NodeHealth.newBuilder()
                .setName(node.node().name())
                .setLocal(node.node().local());
        node.host().forEach(path -> message.addHost(message(path)));
        node.endpoint().forEach(path -> message.addEndpoint(message(path)));
        return message.build();
    }

    private static PathHealth message(PathState path) {
        PathHealth.Builder message = PathHealth.newBuilder().setIp(path.ip().toString());
        path.icmp().ifPresent(outcome -> message.setIcmp(message(outcome)));
        path.http().ifPresent(outcome -> message.setHttp(message(outcome)));
        return message.build();
    }

    private static ProbeResult message(ProbeOutcome outcome) {
        ProbeResult.Builder message =
                ProbeResult.newBuilder().setProbedMs(outcome.at().toEpochMilli());
        if (outcome instanceof ProbeOutcome.Reached reached) {
            // 0 would mean that nothing is known
            message.setRttNs(Math.max(1, reached.roundTrip().toNanos()));
        } else if (outcome instanceof ProbeOutcome.Failed failed) {
            message.setError(failed.reason());
        }
        return message.build();
    }
}
