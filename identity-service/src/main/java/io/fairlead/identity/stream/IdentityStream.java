package io.fairlead.identity.stream;

import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.identity.policy.Worker;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.history.StoreLife;
import io.fairlead.kvstore.progress.ProgressWriter;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.runtime.retry.Timers;
import io.fairlead.runtime.stream.Frame;
import io.fairlead.runtime.stream.FrameMarshaller;
import io.fairlead.runtime.stream.TableStreams;
import io.grpc.BindableService;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.function.Consumer;

/** Serves StreamIdentities: the table of a store to every node that asks. */
public final class IdentityStream {
    private static final String EPOCH_KEY = IdentityKeys.OWN + "epoch";

    private final Consumer<Runnable> owner;
    private final Worker worker;
    private final TableStreams<TableKey, TableValue> streams;

    /**
     * Nothing to stream yet.
     *
     * @param context owns the table and its streams; what would keep it busy is done on its workers
     */
    public IdentityStream(Context context, Timers timers, MeterRegistry metrics) {
        this.owner = action -> context.runOnContext(ignored -> action.run());
        this.worker = context::executeBlocking;
        this.streams = new TableStreams<>(Messages::response, owner, timers, metrics);
    }

    /**
     * The name of a store's life, the same for all replicas on it; the first one to ask makes it. A restored store has
     * another one: versions of the history that was lost must not be gone on from.
     */
    public static Future<String> epoch(KvStore store) {
        return StoreLife.read(store, EPOCH_KEY).map(StoreLife::name);
    }

    /** Starts to feed the streams from a store. */
    public IdentityFeed feed(KvStore store, StoreKeys keys, String epoch) {
        return new IdentityFeed(store, keys, epoch, owner, worker, streams);
    }

    /**
     * Lets other replicas know how far the nodes are whose streams are open here.
     *
     * @param replica names this one among them
     */
    public ProgressWriter report(KvStore store, IdentityFeed feed, String replica) {
        ProgressWriter writer = new ProgressWriter(store, OwnKeys.Table.IDENTITIES, replica, feed::progress);
        owner.accept(() -> streams.onProgress(writer::changed));
        return writer;
    }

    /** The service with its stream; all other calls are answered by {@code unary}. */
    public ServerServiceDefinition with(BindableService unary) {
        String streamName = IdentityServiceGrpc.getStreamIdentitiesMethod().getFullMethodName();
        ServerServiceDefinition.Builder all = ServerServiceDefinition.builder(IdentityServiceGrpc.SERVICE_NAME);
        for (ServerMethodDefinition<?, ?> method : unary.bindService().getMethods()) {
            if (!method.getMethodDescriptor().getFullMethodName().equals(streamName)) {
                all.addMethod(method);
            }
        }
        all.addMethod(ServerMethodDefinition.create(
                FrameMarshaller.method(IdentityServiceGrpc.getStreamIdentitiesMethod()),
                ServerCalls.<StreamIdentitiesRequest, Frame>asyncBidiStreamingCall(streams.method(Messages::read))));
        return all.build();
    }

    /** Ends every stream, so that nodes go to another replica or come back. */
    public Future<Void> stop() {
        Promise<Void> ended = Promise.promise();
        owner.accept(() -> {
            streams.closeAll("the identity service is stopping");
            ended.complete();
        });
        return ended.future();
    }
}
