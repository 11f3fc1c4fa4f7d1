package io.fairlead.kvstore.etcd;

import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.AuthenticateResponse;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KvException;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NegotiationType;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The channels to etcd and the one thread on which everything of a store happens. */
final class EtcdConnection {
    private static final int MAX_INBOUND_BYTES = 64 << 20;
    // etcd's servers tolerate a ping each 5 s, and none while no call is open
    private static final long KEEPALIVE_SECONDS = 10;
    private static final long KEEPALIVE_TIMEOUT_SECONDS = 5;
    private static final long RECONNECT_MILLIS = 500;
    private static final long LEAVE_MILLIS = 100;

    private final EtcdOptions options;
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(
            1,
            task -> {
                Thread made = new Thread(task, "etcd-kvstore");
                made.setDaemon(true);
                return made;
            },
            NioIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final EtcdTokens tokens;
    // written by: the loop
    private volatile ManagedChannel channel;
    // owned by: the loop; channels to one endpoint each, for its status
    private final Map<String, ManagedChannel> single = new HashMap<>();
    private volatile boolean closed;

    EtcdConnection(EtcdOptions options) {
        this.options = options;
        this.channel = channel(String.join(",", options.endpoints()));
        this.tokens = new EtcdTokens(options.security().login(), this::authenticate, this);
        later(RECONNECT_MILLIS, this::reconnect);
        if (options.endpoints().size() > 1) {
            run(new EtcdMembers(this)::watch);
        }
    }

    EtcdOptions options() {
        return options;
    }

    /** The channel, as the user it is for; fails when etcd does not know the user. */
    Future<Channel> channel() {
        return tokens.current().map(token -> token.on(channel));
    }

    /** What was said to a call on a {@link #channel} shows whether its token is still good. */
    void heard(Throwable cause) {
        if (Failures.isTokenRefused(cause) || Failures.isDenied(cause)) {
            tokens.drop();
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Runs a step on the loop; not at all, and says false, when closed. */
    boolean run(Runnable step) {
        try {
            loop.execute(step);
            return true;
        } catch (RejectedExecutionException e) {
            // closed meanwhile: most have nobody left to tell
            return false;
        }
    }

    /** Runs a step on the loop, at once where that is where it is called. */
    void runHere(Runnable step) {
        if (loop.inEventLoop()) {
            step.run();
        } else {
            run(step);
        }
    }

    /** Runs a step on the loop after a while; not at all when closed by then. */
    void later(long millis, Runnable step) {
        try {
            java.util.concurrent.Future<?> timer = loop.schedule(step, millis, TimeUnit.MILLISECONDS);
            assert !timer.isCancelled();
        } catch (RejectedExecutionException e) {
            // closed meanwhile: nobody is left to tell
            return;
        }
    }

    /** One request, one answer, through whichever endpoint is ready. */
    <Q, R> Future<R> unary(String what, MethodDescriptor<Q, R> method, Q request) {
        return unary(what, method, request, options.deadline());
    }

    /** The same with a deadline of its own. */
    <Q, R> Future<R> unary(String what, MethodDescriptor<Q, R> method, Q request, Duration deadline) {
        return unary(what, channel, method, request, deadline);
    }

    /** One request to one endpoint, as nobody: what is wrong with a user must not look like a dead endpoint. On the loop. */
    <Q, R> Future<R> unaryTo(
            String endpoint, String what, MethodDescriptor<Q, R> method, Q request, Duration deadline) {
        if (closed) {
            return Future.failedFuture(isClosed(what));
        }
        Deadline until = Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS);
        return call(what, single.computeIfAbsent(endpoint, this::channel), method, request, until);
    }

    /** Whether a member takes a call and says nothing. Never fails. On the loop. */
    Future<Boolean> isSilent(String endpoint, Duration limit) {
        Promise<Boolean> promise = Promise.promise();
        if (closed) {
            return Future.succeededFuture(false);
        }
        ClientCalls.asyncUnaryCall(
                single.computeIfAbsent(endpoint, this::channel)
                        .newCall(
                                MaintenanceGrpc.getStatusMethod(),
                                CallOptions.DEFAULT.withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)),
                StatusRequest.getDefaultInstance(),
                new StreamObserver<StatusResponse>() {
                    @Override
                    public void onNext(StatusResponse answer) {
                        promise.tryComplete(false);
                    }

                    @Override
                    public void onError(Throwable cause) {
                        promise.tryComplete(Status.fromThrowable(cause).getCode() == Status.Code.DEADLINE_EXCEEDED);
                    }

                    @Override
                    public void onCompleted() {
                        promise.tryComplete(false);
                    }
                });
        return promise.future();
    }

    /** Uses these members from now on. Calls on the others end soon, with an unknown outcome. On the loop. */
    void use(List<String> endpoints) {
        if (closed) {
            return;
        }
        ManagedChannel former = channel;
        channel = channel(String.join(",", endpoints));
        former.shutdown();
        later(LEAVE_MILLIS, former::shutdownNow);
    }

    private <Q, R> Future<R> unary(
            String what, ManagedChannel on, MethodDescriptor<Q, R> method, Q request, Duration deadline) {
        Deadline until = Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS);
        if (options.security().login().isEmpty()) {
            return call(what, on, method, request, until);
        }
        return tokens.current()
                .compose(token -> call(what, token.on(on), method, request, until)
                        .recover(cause -> {
                            boolean anonymous = token.isNone() && Failures.isDenied(cause);
                            if (!anonymous && !Failures.isTokenRefused(cause)) {
                                return Future.failedFuture(cause);
                            }
                            // once: a new token that is refused too will not get better
                            tokens.refused(token);
                            return tokens.current().compose(next -> call(what, next.on(on), method, request, until));
                        }));
    }

    private Future<AuthenticateResponse> authenticate(AuthenticateRequest request) {
        Deadline until = Deadline.after(options.deadline().toNanos(), TimeUnit.NANOSECONDS);
        return call("authenticate as " + request.getName(), channel, AuthGrpc.getAuthenticateMethod(), request, until);
    }

    private <Q, R> Future<R> call(String what, Channel on, MethodDescriptor<Q, R> method, Q request, Deadline until) {
        if (closed) {
            return Future.failedFuture(isClosed(what));
        }
        Promise<R> promise = Promise.promise();
        ClientCalls.asyncUnaryCall(
                on.newCall(method, CallOptions.DEFAULT.withWaitForReady().withDeadline(until)),
                request,
                new StreamObserver<R>() {
                    private @Nullable R answer;

                    @Override
                    public void onNext(R value) {
                        answer = value;
                    }

                    @Override
                    public void onError(Throwable cause) {
                        promise.tryFail(closed ? isClosed(what) : Failures.of(what, cause));
                    }

                    @Override
                    public void onCompleted() {
                        promise.tryComplete(answer);
                    }
                });
        return promise.future();
    }

    void close() {
        closed = true;
        run(() -> {
            List<ManagedChannel> all = new ArrayList<>(single.values());
            all.add(channel);
            all.forEach(ManagedChannel::shutdownNow);
            // the quiet period lets calls that were open learn of their end
            var ended = group.shutdownGracefully(50, 1000, TimeUnit.MILLISECONDS);
            assert !ended.isCancelled();
        });
    }

    static KvException isClosed(String what) {
        return new KvException(FailureKind.GIVE_UP, what + ": the store is closed", null);
    }

    private ManagedChannel channel(String endpoints) {
        // a URI's path takes no brackets, which IPv6 endpoints have
        String path = endpoints.replace("[", "%5B").replace("]", "%5D");
        NettyChannelBuilder builder = NettyChannelBuilder.forTarget("ip:///" + path)
                .overrideAuthority("etcd")
                .defaultLoadBalancingPolicy("round_robin")
                .eventLoopGroup(group)
                .channelType(NioSocketChannel.class)
                .executor(loop)
                .offloadExecutor(Runnable::run)
                .disableRetry()
                .maxInboundMessageSize(MAX_INBOUND_BYTES)
                .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .intercept(new DeadlineInterceptor(options.deadline()));
        options.security()
                .tls()
                .ifPresentOrElse(
                        tls -> builder.negotiationType(NegotiationType.TLS).sslContext(tls), builder::usePlaintext);
        return builder.build();
    }

    /** Keeps grpc from waiting up to two minutes before it looks for a server that was away. */
    private void reconnect() {
        channel.resetConnectBackoff();
        single.values().forEach(ManagedChannel::resetConnectBackoff);
        later(RECONNECT_MILLIS, this::reconnect);
    }
}
