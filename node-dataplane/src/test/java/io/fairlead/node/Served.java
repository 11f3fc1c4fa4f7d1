package io.fairlead.node;

import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.GrpcServer;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A service on a unix socket of its own, with a channel to it. */
public final class Served implements AutoCloseable {
    private final GrpcServer server;
    private final ManagedChannel channel;

    public Served(Path directory, BindableService... services) throws IOException {
        Path socket = directory.resolve("served.sock");
        server = GrpcServer.startUnix(socket, services);
        channel = Channels.unix(socket, Duration.ofSeconds(2));
    }

    public ManagedChannel channel() {
        return channel;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.stop()
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(5, TimeUnit.SECONDS)
                .join();
    }
}
