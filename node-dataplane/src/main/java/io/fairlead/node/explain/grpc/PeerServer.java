package io.fairlead.node.explain.grpc;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.node.explain.Explainer;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceImplBase;
import io.fairlead.proto.agent.v1.ExplainRequest;
import io.fairlead.proto.agent.v1.ExplainResponse;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Statuses;
import io.fairlead.runtime.grpc.tls.Guard;
import io.fairlead.runtime.grpc.tls.Rights;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * What this agent answers other nodes' agents: how a packet fares that arrives here. Nothing else is served, requests
 * are small, few at a time and only from addresses of nodes; pods behind such an address (masqueraded) could ask too, so
 * nothing can be changed by asking.
 */
public final class PeerServer implements AutoCloseable {
    private static final int MAX_REQUEST_BYTES = 4096;
    private static final int WAITING = 32;
    private static final Statuses STATUSES =
            new Statuses(failure -> failure instanceof KernelException e ? Optional.of(e.kind()) : Optional.empty());

    /** Every node may ask; all other methods of an agent are for its unix socket only. */
    public static final Rights RIGHTS = Rights.builder()
            .nodes(AgentServiceGrpc.getExplainMethod(), (node, request) -> Rights.ALLOWED)
            .build();

    private final Server server;
    private final ExecutorService executor;

    private PeerServer(Server server, ExecutorService executor) {
        this.server = server;
        this.executor = executor;
    }

    /**
     * Starts to listen.
     *
     * @param listen the node's address and the peers' port; port 0 lets the kernel choose
     * @param isNode whether an address is another node's, or this one's; called by several threads
     * @param guard who may ask, see {@link #RIGHTS}
     * @throws IOException naming the address when it cannot be had
     */
    public static PeerServer start(HostPort listen, Explainer explainer, Predicate<Ip> isNode, Guard guard)
            throws IOException {
        ExecutorService executor =
                new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING), task -> {
                    Thread thread = new Thread(task, "peers");
                    thread.setDaemon(true);
                    return thread;
                });
        Server server = NettyServerBuilder.forAddress(listen.toSocketAddress(), guard.credentials())
                .directExecutor()
                .maxInboundMessageSize(MAX_REQUEST_BYTES)
                .maxInboundMetadataSize(MAX_REQUEST_BYTES)
                .maxConcurrentCallsPerConnection(4)
                .maxConnectionIdle(30, TimeUnit.SECONDS)
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addService(new Arrivals(explainer, executor))
                .intercept(guard)
                .intercept(new NodesOnly(isNode))
                .build();
        try {
            return new PeerServer(server.start(), executor);
        } catch (IOException e) {
            executor.shutdownNow();
            throw new IOException("cannot listen: " + listen + " (expected: an address that is free): " + e, e);
        }
    }

    /** The port it listens on. */
    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.shutdownNow();
        executor.shutdownNow();
    }

    /** The one call that is answered. */
    private static final class Arrivals extends AgentServiceImplBase {
        private final Explainer explainer;
        private final ExecutorService executor;

        Arrivals(Explainer explainer, ExecutorService executor) {
            this.explainer = explainer;
            this.executor = executor;
        }

        @Override
        public void explain(ExplainRequest request, StreamObserver<ExplainResponse> to) {
            try {
                executor.execute(() -> answer(request, to));
            } catch (RejectedExecutionException e) {
                to.onError(Statuses.of(FailureKind.RETRY, "too many questions at once"));
            }
        }

        private void answer(ExplainRequest request, StreamObserver<ExplainResponse> to) {
            ExplainResponse response;
            try {
                if (!request.getArriving()) {
                    throw new IllegalArgumentException("arriving: false (expected: true, other nodes' packets only)");
                }
                response = ExplainMessages.response(explainer.arriving(ExplainMessages.packet(request)));
            } catch (RuntimeException e) {
                to.onError(STATUSES.toStatus(e));
                return;
            }
            to.onNext(response);
            to.onCompleted();
        }
    }

    /** Refuses callers that are no nodes. */
    private record NodesOnly(Predicate<Ip> isNode) implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            SocketAddress caller = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            boolean node = caller instanceof InetSocketAddress address
                    && isNode.test(Ip.of(address.getAddress().getAddress()));
            if (!node) {
                call.close(
                        Status.PERMISSION_DENIED.withDescription(
                                "caller: " + caller + " (expected: the address of a node of the cluster)"),
                        new Metadata());
                return new ServerCall.Listener<>() {};
            }
            return next.startCall(call, headers);
        }
    }
}
