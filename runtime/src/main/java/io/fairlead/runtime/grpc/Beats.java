package io.fairlead.runtime.grpc;

import io.grpc.Attributes;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Tells clients how often to ask whether the server serves: the more of them are connected, the longer the pause, so that
 * their questions together stay near 2,000 a second up to 1,000 clients, but never so long that a silent server is noticed
 * later than a second after. The header "fairlead-pause-ms" of the answer says it. Any thread.
 */
final class Beats extends ServerTransportFilter implements ServerInterceptor {
    /** Between two questions of a client of a server that has few of them. */
    static final Duration LEAST = Duration.ofMillis(250);

    /** With the time an answer may take and the way to another server it makes less than a second. */
    static final Duration MOST = Duration.ofMillis(500);

    private static final int FEW = 500;
    private static final Metadata.Key<String> PAUSE =
            Metadata.Key.of("fairlead-pause-ms", Metadata.ASCII_STRING_MARSHALLER);

    private final AtomicInteger clients;
    private final AtomicInteger questions = new AtomicInteger();

    Beats() {
        this(0);
    }

    /** @param clients how many are connected already */
    Beats(int clients) {
        this.clients = new AtomicInteger(clients);
    }

    /** How often it was asked. */
    int questions() {
        return questions.get();
    }

    /** The pause that suits so many clients. */
    static Duration pause(int clients) {
        long scaled = LEAST.toMillis() * Math.max(clients, FEW) / FEW;
        return Duration.ofMillis(Math.min(scaled, MOST.toMillis()));
    }

    /** What the headers of an answer say; empty when they say nothing, or no number of milliseconds. */
    static Optional<Duration> said(Metadata headers) {
        String text = headers.get(PAUSE);
        if (text == null || !text.matches("[0-9]{1,9}")) {
            return Optional.empty();
        }
        return Optional.of(
                Duration.ofMillis(Math.max(LEAST.toMillis(), Math.min(Long.parseLong(text), MOST.toMillis()))));
    }

    @Override
    public Attributes transportReady(Attributes attributes) {
        clients.incrementAndGet();
        return attributes;
    }

    @Override
    public void transportTerminated(Attributes attributes) {
        clients.decrementAndGet();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (!HealthGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())) {
            return next.startCall(call, headers);
        }
        questions.incrementAndGet();
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    public void sendHeaders(Metadata answer) {
                        answer.put(PAUSE, String.valueOf(pause(clients.get()).toMillis()));
                        super.sendHeaders(answer);
                    }
                },
                headers);
    }
}
