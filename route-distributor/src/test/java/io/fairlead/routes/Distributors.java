package io.fairlead.routes;

import io.fairlead.contract.ClusterName;
import io.fairlead.kvstore.KvStore;
import io.fairlead.proto.route.v1.GetConvergenceRequest;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.StoreKeys;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.process.Lifecycle;
import io.grpc.ManagedChannel;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A running distributor and a channel to it. */
record Distributors(Lifecycle life, ManagedChannel channel) implements AutoCloseable {
    static Distributors start(KvStore store) {
        Lifecycle life = new Lifecycle(Vertx.vertx());
        StoreKeys.Store options = new StoreKeys.Store(List.of("http://127.0.0.1:1"), "cilium/", ClusterName.DEFAULT, 0);
        int port = await(RouteDistributor.start(life, store, options, new HostPort("127.0.0.1", 0)));
        return new Distributors(life, Channels.tcp(new HostPort("127.0.0.1", port), Duration.ofSeconds(5)));
    }

    ListRoutesResponse list() {
        return RouteServiceGrpc.newBlockingStub(channel).listRoutes(ListRoutesRequest.getDefaultInstance());
    }

    GetConvergenceResponse convergence() {
        return RouteServiceGrpc.newBlockingStub(channel).getConvergence(GetConvergenceRequest.getDefaultInstance());
    }

    @Override
    public void close() {
        channel.shutdownNow();
        await(life.stop());
    }

    static <T> T await(Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(20, TimeUnit.SECONDS)
                .join();
    }

    static void until(BooleanSupplier condition) {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > limit) {
                throw new AssertionError("not within 20 seconds");
            }
            Thread.onSpinWait();
        }
    }
}
