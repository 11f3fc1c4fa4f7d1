package io.fairlead.runtime.grpc;

import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.tls.Guard;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A gRPC server. Handlers run on its event loops and must not block; clients may ping every ten seconds, also while no
 * call is open. Over TCP it also answers grpc.health.v1, which clients of several replicas ask.
 */
public final class GrpcServer {
    private static final long PING_SECONDS = 10;
    private static final long DRAIN_SECONDS = 2;

    private final Server server;
    private final HealthStatusManager serving;
    private final Runnable afterwards;

    private GrpcServer(Server server, HealthStatusManager serving, Runnable afterwards) {
        this.server = server;
        this.serving = serving;
        this.afterwards = afterwards;
    }

    /**
     * Listens on a TCP address.
     *
     * @throws IOException naming the address when it cannot be had
     */
    public static GrpcServer start(HostPort listen, BindableService... services) throws IOException {
        return start(listen, Guard.open(), services);
    }

    /**
     * Listens on a TCP address, and lets callers do what they may.
     *
     * @throws IOException naming the address when it cannot be had
     */
    public static GrpcServer start(HostPort listen, Guard guard, BindableService... services) throws IOException {
        return start(listen, guard, new Beats(), services);
    }

    static GrpcServer start(HostPort listen, Guard guard, Beats beats, BindableService... services) throws IOException {
        HealthStatusManager serving = new HealthStatusManager();
        NettyServerBuilder builder = settings(
                        NettyServerBuilder.forAddress(listen.toSocketAddress(), guard.credentials())
                                .addTransportFilter(beats)
                                .intercept(beats)
                                .intercept(guard),
                        services)
                .addService(serving.getHealthService());
        return new GrpcServer(start(builder, listen.toString()), serving, () -> {});
    }

    /**
     * Listens on a unix socket that its owner and group may use; a socket nobody answers on is replaced.
     *
     * @throws IOException naming the path when it cannot be had
     */
    public static GrpcServer startUnix(Path path, BindableService... services) throws IOException {
        removeStale(path);
        EventLoopGroup loops = Loops.start();
        NettyServerBuilder builder = settings(
                NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(path))
                        .channelType(NioServerDomainSocketChannel.class)
                        .bossEventLoopGroup(loops)
                        .workerEventLoopGroup(loops),
                services);
        try {
            Server server = start(builder, path.toString());
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
            return new GrpcServer(server, new HealthStatusManager(), () -> {
                Loops.end(loops);
                path.toFile().delete();
            });
        } catch (IOException e) {
            Loops.end(loops);
            throw e;
        }
    }

    /** The TCP port it listens on; -1 for a unix socket. */
    public int port() {
        return server.getPort();
    }

    /** Says that it no longer serves, takes no new calls, lets calls end for two seconds, then cancels them. */
    public Future<Void> stop() {
        Promise<Void> stopped = Promise.promise();
        // a thread of its own: waiting for calls to end blocks
        Thread thread = new Thread(() -> stopAndWait(stopped), "grpc-stop");
        thread.setDaemon(true);
        thread.start();
        return stopped.future();
    }

    private void stopAndWait(Promise<Void> stopped) {
        try {
            serving.enterTerminalState();
            server.shutdown();
            if (!server.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS)) {
                server.shutdownNow();
                server.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS);
            }
            afterwards.run();
            stopped.complete();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopped.fail(e);
        }
    }

    private static NettyServerBuilder settings(NettyServerBuilder builder, BindableService... services) {
        List<ServerServiceDefinition> definitions =
                List.of(services).stream().map(BindableService::bindService).toList();
        return builder.directExecutor()
                .intercept(new ShortDescriptions())
                .addServices(definitions)
                .permitKeepAliveTime(PING_SECONDS / 2, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .keepAliveTime(PING_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(PING_SECONDS, TimeUnit.SECONDS);
    }

    private static Server start(NettyServerBuilder builder, String where) throws IOException {
        try {
            return builder.build().start();
        } catch (IOException e) {
            throw new IOException("cannot listen: " + where + " (expected: an address that is free): " + e, e);
        }
    }

    private static void removeStale(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            Files.delete(path);
            return;
        }
        throw new IOException("cannot listen: " + path + " (expected: a socket that no running process serves)");
    }
}
