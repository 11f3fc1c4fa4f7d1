package io.fairlead.cli;

import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceImplBase;
import io.fairlead.proto.agent.v1.MonitorRequest;
import io.fairlead.proto.agent.v1.MonitorResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An agent that answers Monitor with what it was given, and then ends the stream, or goes on with the last for ever. */
final class TellingAgent extends AgentServiceImplBase implements AutoCloseable {
    final BlockingQueue<MonitorRequest> requests = new LinkedBlockingQueue<>();
    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Server server;
    private final List<MonitorResponse> told;
    private final Optional<Status> end;
    private final boolean endless;

    private TellingAgent(Path socket, List<MonitorResponse> told, Optional<Status> end, boolean endless)
            throws IOException {
        this.told = told;
        this.end = end;
        this.endless = endless;
        server = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(eventLoop)
                .workerEventLoopGroup(eventLoop)
                .directExecutor()
                .addService(this)
                .build()
                .start();
    }

    static TellingAgent thatEnds(Path socket, Status end, MonitorResponse... told) throws IOException {
        return new TellingAgent(socket, List.of(told), Optional.of(end), false);
    }

    static TellingAgent thatNeverEnds(Path socket, MonitorResponse... told) throws IOException {
        return new TellingAgent(socket, List.of(told), Optional.empty(), true);
    }

    @Override
    public void monitor(MonitorRequest request, StreamObserver<MonitorResponse> to) {
        requests.add(request);
        told.forEach(to::onNext);
        end.ifPresent(status -> {
            if (status.isOk()) {
                to.onCompleted();
            } else {
                to.onError(status.asRuntimeException());
            }
        });
        if (endless) {
            ServerCallStreamObserver<MonitorResponse> call = (ServerCallStreamObserver<MonitorResponse>) to;
            call.setOnCancelHandler(() -> {});
            call.setOnReadyHandler(() -> {
                while (call.isReady() && !call.isCancelled()) {
                    call.onNext(told.get(told.size() - 1));
                }
            });
        }
    }

    @Override
    public void close() {
        server.shutdownNow();
        eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
