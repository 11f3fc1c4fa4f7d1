package io.fairlead.routes.stream;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.NodeName;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.NodeConvergence;
import io.fairlead.proto.route.v1.NodeFailure;
import io.fairlead.proto.route.v1.RouteStatus;
import io.fairlead.routes.stream.ClusterView.Member;
import io.fairlead.routes.stream.ClusterView.Serves;
import io.fairlead.routes.table.Route;
import io.fairlead.runtime.stream.VersionedTable;
import io.grpc.Status;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/** What people are told of a {@link ClusterView}. */
final class Answers {
    private static final Comparator<Map.Entry<NodeName, Member>> SLOWEST_FIRST = Comparator.comparing(
                    (Map.Entry<NodeName, Member> node) -> State.of(node.getValue()))
            .thenComparing(node -> -node.getValue().behindNanos())
            .thenComparing(node -> -node.getValue().medianNanos())
            .thenComparing(Map.Entry::getKey);

    /** In the order of who needs attention first. */
    private enum State {
        DISCONNECTED("disconnected"),
        BEHIND("behind"),
        FAILED("failed"),
        CONVERGED("converged");

        private final String text;

        State(String text) {
            this.text = text;
        }

        static State of(Member member) {
            if (member.serves() == Serves.NOBODY) {
                return DISCONNECTED;
            }
            if (!member.current()) {
                return BEHIND;
            }
            return member.failed().isEmpty() ? CONVERGED : FAILED;
        }
    }

    /** Some 20 MB of names. */
    private static final long MOST_PAIRS = 2_000_000;

    private Answers() {}

    static GetConvergenceResponse convergence(ClusterView view, int limit) {
        GetConvergenceResponse.Builder response = GetConvergenceResponse.newBuilder()
                .setVersion(view.table().version())
                .setNodes(view.members().size())
                .setConverged((int) view.members().values().stream()
                        .filter(member -> State.of(member) == State.CONVERGED)
                        .count())
                .setMedianUs(view.summary().median() / 1_000)
                .setP99Us(view.summary().p99() / 1_000)
                .setMaxUs(view.summary().max() / 1_000)
                .setSamples(view.summary().samples());
        Stream<Map.Entry<NodeName, Member>> slowest =
                view.members().entrySet().stream().sorted(SLOWEST_FIRST);
        (limit == 0 ? slowest : slowest.limit(limit))
                .forEach(node -> response.addSlowest(node(node.getKey(), node.getValue())));
        return response.build();
    }

    private static NodeConvergence node(NodeName name, Member member) {
        return NodeConvergence.newBuilder()
                .setNodeName(name.value())
                .setState(State.of(member).text)
                .setVersion(member.version())
                .setBehindMs(member.behindNanos() / 1_000_000)
                .setReason(reason(member))
                .setReplica(member.replica())
                .setMedianUs(member.medianNanos() / 1_000)
                .build();
    }

    private static String reason(Member member) {
        return switch (State.of(member)) {
            case CONVERGED -> "";
            case DISCONNECTED -> "no stream";
            case BEHIND -> member.waiting();
            case FAILED -> Failures.text(member.failed());
        };
    }

    /** @throws io.grpc.StatusRuntimeException when the cluster is too large for a list of every route on every node */
    static ListRoutesResponse routes(ClusterView view) {
        long pairs = (long) view.table().size() * view.members().size();
        if (pairs > MOST_PAIRS) {
            throw Status.RESOURCE_EXHAUSTED
                    .withDescription("routes times nodes: " + pairs + " (expected: at most " + MOST_PAIRS
                            + "; GetConvergence, \"fairlead route convergence\", tells how far each node is)")
                    .asRuntimeException();
        }
        ListRoutesResponse.Builder response =
                ListRoutesResponse.newBuilder().setVersion(view.table().version());
        for (VersionedTable.Entry<Cidr, Route> entry : view.table().entries()) {
            response.addRoutes(status(entry, view));
        }
        return response.addAllNodes(view.connected()).build();
    }

    private static RouteStatus status(VersionedTable.Entry<Cidr, Route> entry, ClusterView view) {
        RouteStatus.Builder status = RouteStatus.newBuilder().setRoute(RouteMessages.route(entry.value()));
        String cidr = entry.key().toString();
        boolean everywhere = true;
        for (Map.Entry<NodeName, Member> node : view.members().entrySet()) {
            Member member = node.getValue();
            String reason = member.failed().get(cidr);
            if (reason != null) {
                status.addFailed(NodeFailure.newBuilder()
                        .setNodeName(node.getKey().value())
                        .setReason(reason));
                everywhere = false;
            } else if (member.failed().containsKey(Failures.OTHERS)) {
                // it may be one of those that its replica had no room to name
                everywhere = false;
            } else if (ClusterView.has(member, entry, view.table().floor())) {
                status.addInstalled(node.getKey().value());
            } else {
                everywhere &= member.serves() == Serves.NOBODY;
            }
        }
        long took = everywhere ? view.took().getOrDefault(entry.key(), 0L) : 0;
        // what was quicker than a microsecond is not unknown
        return status.setConvergedUs(took == 0 ? 0 : Math.max(1, took / 1_000)).build();
    }
}
