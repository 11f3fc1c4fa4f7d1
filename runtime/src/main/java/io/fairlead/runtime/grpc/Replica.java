package io.fairlead.runtime.grpc;

import io.fairlead.runtime.config.HostPort;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One of several servers that answer the same, and what is known of it. */
final class Replica {
    private final HostPort address;
    private final int number;
    private final ManagedChannel channel;
    private volatile long heard = System.nanoTime(); // written by: whoever hears of it
    private volatile Duration pause = Duration.ZERO; // written by: whoever hears of it
    private @Nullable Suspicion suspicion; // guarded by: Doubts

    /** It was late once. What the others said, and whether it is given up. */
    static final class Suspicion {
        boolean condemned; // guarded by: Doubts
        int unanswered; // guarded by: Doubts

        @Nullable
        Replica ready; // guarded by: Doubts
    }

    Replica(HostPort address, int number, ManagedChannel channel) {
        this.address = address;
        this.number = number;
        this.channel = channel;
    }

    HostPort address() {
        return address;
    }

    /** Its place in the configuration, from 1. */
    int number() {
        return number;
    }

    ManagedChannel channel() {
        return channel;
    }

    /** When it last said anything, of {@link System#nanoTime}. */
    long heard() {
        return heard;
    }

    void hear() {
        heard = System.nanoTime();
    }

    /** How long it asks to be left alone between two questions; zero until it has said so. */
    Duration pause() {
        return pause;
    }

    @Nullable
    Suspicion suspicion() {
        return suspicion;
    }

    void suspicion(@Nullable Suspicion next) {
        suspicion = next;
    }

    /**
     * Connects now when the last attempt failed, however long ago, and runs the action when it did; gRPC would let calls
     * fail without a look until its own pause is over. An action that can run at once does.
     *
     * @return what runs the action should the connection take too long; empty when it ran
     */
    Optional<Runnable> reconnected(Runnable action) {
        if (!isAway()) {
            action.run();
            return Optional.empty();
        }
        AtomicBoolean done = new AtomicBoolean();
        Runnable once = () -> {
            if (done.compareAndSet(false, true)) {
                action.run();
            }
        };
        channel.notifyWhenStateChanged(ConnectivityState.TRANSIENT_FAILURE, once);
        channel.resetConnectBackoff();
        return Optional.of(once);
    }

    /** The last attempt to connect failed: gRPC fails calls without a look until another succeeds. */
    boolean isAway() {
        return channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE;
    }

    /** How a call ended: gRPC calls it unknown when the connection closes just as the call begins. */
    static Status ended(Status said) {
        boolean closed = said.getCode() == Status.Code.UNKNOWN && said.getCause() instanceof ClosedChannelException;
        return closed
                ? Status.UNAVAILABLE.withDescription(said.getDescription()).withCause(said.getCause())
                : said;
    }

    /** Asks whether it serves; says so within the time given. A server that does not know the question serves. */
    void check(Duration limit, Consumer<Boolean> alive) {
        CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS);
        ClientCall<HealthCheckRequest, HealthCheckResponse> call =
                channel.newCall(HealthGrpc.getCheckMethod(), options);
        call.start(
                new ClientCall.Listener<>() {
                    private boolean serving;

                    @Override
                    public void onHeaders(Metadata headers) {
                        Beats.said(headers).ifPresent(said -> pause = said);
                    }

                    @Override
                    public void onMessage(HealthCheckResponse answer) {
                        serving = answer.getStatus() == ServingStatus.SERVING;
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        boolean answers = (status.isOk() && serving) || status.getCode() == Status.Code.UNIMPLEMENTED;
                        if (answers) {
                            hear();
                        }
                        alive.accept(answers);
                    }
                },
                new Metadata());
        call.request(2);
        call.sendMessage(HealthCheckRequest.getDefaultInstance());
        call.halfClose();
    }
}
