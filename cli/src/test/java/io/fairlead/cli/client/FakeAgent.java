package io.fairlead.cli.client;

import com.google.protobuf.Message;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** An agent on a unix socket that answers each call with what was set for it, or not at all. */
public final class FakeAgent implements AutoCloseable {
    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Map<Class<?>, Object> answers = new ConcurrentHashMap<>();
    private final Server server;

    public FakeAgent(Path socket) throws IOException {
        ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(AgentServiceGrpc.SERVICE_NAME);
        for (MethodDescriptor<?, ?> method :
                AgentServiceGrpc.getServiceDescriptor().getMethods()) {
            serve(service, method);
        }
        server = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(eventLoop)
                .workerEventLoopGroup(eventLoop)
                .directExecutor()
                .addService(service.build())
                .build()
                .start();
    }

    /** Answers calls that expect this type of message with it. */
    public FakeAgent answer(Message message) {
        answers.put(message.getClass(), message);
        return this;
    }

    /** Fails calls that expect this type of message. */
    public FakeAgent refuse(Class<? extends Message> type, Status status) {
        answers.put(type, status);
        return this;
    }

    @SuppressWarnings("unchecked")
    private <Q, A> void serve(ServerServiceDefinition.Builder service, MethodDescriptor<Q, A> method) {
        MethodDescriptor.PrototypeMarshaller<A> marshaller =
                (MethodDescriptor.PrototypeMarshaller<A>) method.getResponseMarshaller();
        Class<?> type = marshaller.getMessagePrototype().getClass();
        service.addMethod(method, ServerCalls.asyncUnaryCall((Q request, StreamObserver<A> caller) -> {
            Object answer = answers.get(type);
            if (answer instanceof Status status) {
                caller.onError(status.asRuntimeException());
            } else if (answer != null) {
                caller.onNext((A) answer);
                caller.onCompleted();
            }
        }));
    }

    @Override
    public void close() {
        server.shutdownNow();
        eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
