package io.fairlead.routes.stream;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.events.source.SummarySource;
import io.fairlead.kvstore.StoreStatus;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.GetStatusRequest;
import io.fairlead.proto.route.v1.GetStatusResponse;
import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.NodeConvergence;
import io.fairlead.proto.route.v1.NodeFailure;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.RouteStatus;
import io.fairlead.routes.table.Route;
import io.fairlead.runtime.retry.Timers;
import io.fairlead.runtime.stream.FrameMarshaller;
import io.fairlead.runtime.stream.NodeProgress;
import io.fairlead.runtime.stream.TableStreams;
import io.fairlead.runtime.stream.VersionedTable;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The routes as nodes and people are told them. Calls come in on event loops; everything else is the owner's. */
public final class RouteService implements BindableService {
    private final TableStreams<Cidr, Route> streams;
    private final Consumer<Runnable> owner;
    private final Supplier<Future<StoreStatus>> store;
    private final DropReports drops = new DropReports();
    // owned by: the owner's context; null until there is a complete table
    private @Nullable VersionedTable<Cidr, Route> table;

    /**
     * @param owner runs actions on the table's context
     * @param store asked how the store is
     */
    public RouteService(
            Consumer<Runnable> owner, Supplier<Future<StoreStatus>> store, Timers timers, MeterRegistry metrics) {
        this.store = store;
        this.streams = new TableStreams<>(RouteMessages::response, owner, timers, metrics);
        this.owner = owner;
    }

    /** Makes a table known to all nodes. On the owner's context. */
    public void publish(VersionedTable<Cidr, Route> next) {
        table = next;
        streams.publish(next);
    }

    /** Ends all streams because the process stops. On the owner's context. */
    public void closeStreams() {
        streams.closeAll("the route distributor is stopping");
    }

    @Override
    public ServerServiceDefinition bindService() {
        return ServerServiceDefinition.builder(RouteServiceGrpc.SERVICE_NAME)
                .addMethod(
                        FrameMarshaller.method(RouteServiceGrpc.getStreamRoutesMethod()),
                        ServerCalls.asyncBidiStreamingCall(streams.method(RouteMessages::request)))
                .addMethod(RouteServiceGrpc.getListRoutesMethod(), ServerCalls.asyncUnaryCall(this::listRoutes))
                .addMethod(RouteServiceGrpc.getReportDropsMethod(), ServerCalls.asyncUnaryCall(drops::report))
                .addMethod(RouteServiceGrpc.getGetStatusMethod(), ServerCalls.asyncUnaryCall(this::getStatus))
                .build();
    }

    /** What Kafka is told again and again. */
    public List<SummarySource> summaries(ClusterName cluster) {
        return List.of(ConvergenceEvents.source(cluster, this::convergence), drops.source());
    }

    /** How far the nodes of this replica are, those that lack something first. */
    private Future<GetConvergenceResponse> convergence() {
        Promise<GetConvergenceResponse> promise = Promise.promise();
        owner.accept(() -> {
            VersionedTable<Cidr, Route> current = table;
            if (current == null) {
                promise.fail("routes: not read yet (expected: the store's nodes listed completely)");
                return;
            }
            GetConvergenceResponse.Builder response =
                    GetConvergenceResponse.newBuilder().setVersion(current.version());
            for (NodeProgress node : members(current)) {
                boolean converged =
                        node.version() >= current.version() && node.failed().isEmpty();
                response.setNodes(response.getNodes() + 1).setConverged(response.getConverged() + (converged ? 1 : 0));
                if (!converged && response.getSlowestCount() < ConvergenceEvents.SLOWEST) {
                    response.addSlowest(NodeConvergence.newBuilder()
                            .setNodeName(node.node().value())
                            .setState(
                                    !node.connected()
                                            ? "disconnected"
                                            : node.failed().isEmpty() ? "behind" : "failed")
                            .setVersion(node.version()));
                }
            }
            promise.complete(response.build());
        });
        return promise.future();
    }

    private void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
        store.get()
                .onSuccess(status -> {
                    observer.onNext(GetStatusResponse.newBuilder()
                            .setKvstoreHealthy(status.healthy())
                            .setKvstore(status.text())
                            .build());
                    observer.onCompleted();
                })
                .onFailure(cause -> observer.onError(Status.UNAVAILABLE
                        .withDescription(String.valueOf(cause.getMessage()))
                        .asRuntimeException()));
    }

    private void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> observer) {
        owner.accept(() -> {
            VersionedTable<Cidr, Route> current = table;
            if (current == null) {
                observer.onError(Status.UNAVAILABLE
                        .withDescription("routes: not read yet (expected: the store's nodes listed completely)")
                        .asRuntimeException());
                return;
            }
            observer.onNext(list(current, members(current)));
            observer.onCompleted();
        });
    }

    /** Nodes that count: a node without a stream does while it has a route, so a released one is gone at once. */
    private List<NodeProgress> members(VersionedTable<Cidr, Route> current) {
        Set<String> owners = new HashSet<>();
        current.entries().forEach(entry -> owners.add(entry.value().node().value()));
        return streams.progress().stream()
                .filter(node -> node.connected() || owners.contains(node.node().value()))
                .toList();
    }

    private static ListRoutesResponse list(VersionedTable<Cidr, Route> table, List<NodeProgress> nodes) {
        ListRoutesResponse.Builder response = ListRoutesResponse.newBuilder().setVersion(table.version());
        for (VersionedTable.Entry<Cidr, Route> entry : table.entries()) {
            response.addRoutes(status(entry, nodes));
        }
        nodes.stream()
                .filter(NodeProgress::connected)
                .forEach(n -> response.addNodes(n.node().value()));
        return response.build();
    }

    private static RouteStatus status(VersionedTable.Entry<Cidr, Route> entry, List<NodeProgress> nodes) {
        RouteStatus.Builder status = RouteStatus.newBuilder().setRoute(RouteMessages.route(entry.value()));
        String cidr = entry.key().toString();
        for (NodeProgress node : nodes) {
            String reason = node.failed().get(cidr);
            if (reason != null) {
                status.addFailed(NodeFailure.newBuilder()
                        .setNodeName(node.node().value())
                        .setReason(reason));
            } else if (node.has(cidr, entry.changedAt())) {
                status.addInstalled(node.node().value());
            }
        }
        return status.build();
    }
}
