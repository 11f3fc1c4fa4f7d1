package io.fairlead.routes.stream;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.NodeName;
import io.fairlead.events.source.SummarySource;
import io.fairlead.kvstore.StoreStatus;
import io.fairlead.kvstore.progress.NodeReached;
import io.fairlead.kvstore.progress.ProgressWriter;
import io.fairlead.proto.route.v1.GetConvergenceRequest;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.GetStatusRequest;
import io.fairlead.proto.route.v1.GetStatusResponse;
import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.routes.table.Route;
import io.fairlead.runtime.retry.Timers;
import io.fairlead.runtime.stream.FrameMarshaller;
import io.fairlead.runtime.stream.NodeProgress;
import io.fairlead.runtime.stream.StreamSettings;
import io.fairlead.runtime.stream.TableStreams;
import io.fairlead.runtime.stream.VersionedTable;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The routes as nodes and people are told them. Calls come in on event loops; everything else is the owner's. */
public final class RouteService implements BindableService {
    private final TableStreams<Cidr, Route> streams;
    private final Threads threads;
    private final Supplier<Future<StoreStatus>> store;
    private final Supplier<Map<NodeName, NodeReached>> others;
    private final Replica replica;
    private final DropReports drops = new DropReports();
    // owned by: the owner's context; null until there is a complete table
    private @Nullable VersionedTable<Cidr, Route> table;

    /**
     * Where work is done.
     *
     * @param owner runs actions on the table's context
     * @param background runs what takes long
     */
    public record Threads(Consumer<Runnable> owner, Consumer<Runnable> background) {}

    /**
     * This process among those that serve the same nodes.
     *
     * @param name its own
     * @param cluster whose nodes come to it
     */
    public record Replica(String name, ClusterName cluster) {}

    /**
     * @param streams of the table's messages, see {@link #streams}
     * @param store asked how the store is
     * @param others what all replicas say of their nodes
     */
    public RouteService(
            TableStreams<Cidr, Route> streams,
            Threads threads,
            Supplier<Future<StoreStatus>> store,
            Supplier<Map<NodeName, NodeReached>> others,
            Replica replica) {
        this.streams = streams;
        this.threads = threads;
        this.store = store;
        this.others = others;
        this.replica = replica;
    }

    /** Streams of routes that nobody takes yet. */
    public static TableStreams<Cidr, Route> streams(
            Consumer<Runnable> owner, Timers timers, MeterRegistry metrics, StreamSettings settings) {
        return new TableStreams<>(RouteMessages::response, owner, timers, metrics, settings);
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
                .addMethod(RouteServiceGrpc.getGetConvergenceMethod(), ServerCalls.asyncUnaryCall(this::getConvergence))
                .addMethod(RouteServiceGrpc.getReportDropsMethod(), ServerCalls.asyncUnaryCall(drops::report))
                .addMethod(RouteServiceGrpc.getGetStatusMethod(), ServerCalls.asyncUnaryCall(this::getStatus))
                .build();
    }

    /** What Kafka is told again and again. */
    public List<SummarySource> summaries(ClusterName cluster) {
        return List.of(
                ConvergenceEvents.source(
                        cluster, () -> ask(view -> Answers.convergence(view, ConvergenceEvents.SLOWEST))),
                drops.source());
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
        answer(observer, Answers::routes);
    }

    private void getConvergence(GetConvergenceRequest request, StreamObserver<GetConvergenceResponse> observer) {
        // no cluster has as many nodes as an unsigned number can say
        int limit = request.getLimit() < 0 ? Integer.MAX_VALUE : request.getLimit();
        answer(observer, view -> Answers.convergence(view, limit));
    }

    private <T> void answer(StreamObserver<T> observer, Function<ClusterView, T> answer) {
        ask(answer)
                .onSuccess(made -> {
                    observer.onNext(made);
                    observer.onCompleted();
                })
                .onFailure(observer::onError);
    }

    /** Looks on the owner's context, where it is short, and makes the answer elsewhere, where nobody waits for it. */
    private <T> Future<T> ask(Function<ClusterView, T> answer) {
        Promise<T> promise = Promise.promise();
        threads.owner().accept(() -> {
            VersionedTable<Cidr, Route> current = table;
            if (current == null) {
                promise.fail(Status.UNAVAILABLE
                        .withDescription("routes: not read yet (expected: the store's nodes listed completely)")
                        .asRuntimeException());
                return;
            }
            ClusterView view = ClusterView.of(current, streams, others.get(), replica);
            threads.background().accept(() -> {
                try {
                    promise.complete(answer.apply(view));
                } catch (StatusRuntimeException e) {
                    promise.fail(e);
                }
            });
        });
        return promise.future();
    }

    /** What this replica tells the others. On any thread. */
    public Future<ProgressWriter.Snapshot> progress() {
        Promise<ProgressWriter.Snapshot> promise = Promise.promise();
        threads.owner().accept(() -> {
            VersionedTable<Cidr, Route> current = table;
            List<ProgressWriter.Node> nodes = streams.progress().stream()
                    .filter(NodeProgress::connected)
                    .map(node -> new ProgressWriter.Node(node.node(), node.version(), Failures.few(node.failed())))
                    .toList();
            promise.complete(
                    current == null
                            ? new ProgressWriter.Snapshot("", 0, List.of())
                            : new ProgressWriter.Snapshot(current.epoch(), current.version(), nodes));
        });
        return promise.future();
    }

    /** Has an action run whenever {@link #progress} may say something else. */
    public void onProgress(Runnable action) {
        streams.onProgress(action);
    }
}
