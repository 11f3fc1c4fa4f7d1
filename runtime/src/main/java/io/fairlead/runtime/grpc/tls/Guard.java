package io.fairlead.runtime.grpc.tls;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before a server's methods: finds out who calls, and refuses what they may not. Refusals are PERMISSION_DENIED,
 * logged and counted. Without certificates it lets everything through.
 */
public final class Guard implements ServerInterceptor {
    private static final Logger LOGGER = LoggerFactory.getLogger(Guard.class);

    private final Optional<Secured> secured;

    private record Secured(Tls tls, Rights rights, MeterRegistry metrics) {}

    private Guard(Optional<Secured> secured) {
        this.secured = secured;
    }

    /** Lets everybody do everything, over plain connections. */
    public static Guard open() {
        return new Guard(Optional.empty());
    }

    /** Holds callers to their rights when there is a certificate, else lets everybody do everything. */
    public static Guard of(Optional<Tls> tls, Rights rights, MeterRegistry metrics) {
        return new Guard(tls.map(present -> new Secured(present, rights, metrics)));
    }

    /** For the server's builder. */
    public ServerCredentials credentials() {
        return secured.map(s -> RefusedConnections.logged(s.tls().server(), s.metrics()))
                .orElseGet(InsecureServerCredentials::create);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (secured.isEmpty()) {
            return next.startCall(call, headers);
        }
        Optional<X509Certificate> certificate = certificate(call);
        Optional<Caller> caller = certificate.flatMap(Caller::of);
        if (caller.isEmpty()) {
            return refuse(
                    call,
                    "certificate: CN \"" + certificate.map(Caller::commonName).orElse("")
                            + "\" (expected: node:NAME, service:NAME or admin:NAME)");
        }
        String method = call.getMethodDescriptor().getFullMethodName();
        Rights rights = secured.get().rights();
        Optional<String> against = rights.against(caller.get(), method);
        if (against.isPresent()) {
            return refuse(call, against.get());
        }
        Context context = Context.current().withValue(Caller.CURRENT, caller.get());
        Optional<Rights.Check<Object>> check = rights.check(caller.get(), method);
        if (check.isEmpty()) {
            return Contexts.interceptCall(context, call, headers, next);
        }
        EndableCall<Q, A> endable = new EndableCall<>(call);
        return new CheckedListener<>(
                Contexts.interceptCall(context, endable, headers, next),
                message -> check.get().refusal(caller.get().name(), message),
                endable::end,
                what -> denied(method, caller.get() + " may not " + what));
    }

    private <Q> ServerCall.Listener<Q> refuse(ServerCall<Q, ?> call, String text) {
        call.close(denied(call.getMethodDescriptor().getFullMethodName(), text), new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private Status denied(String method, String text) {
        secured.ifPresent(s -> Counter.builder("fairlead.denied.requests")
                .description("calls that their caller may not make")
                .tag("method", method)
                .register(s.metrics())
                .increment());
        LOGGER.atWarn()
                .addKeyValue("method", method)
                .addKeyValue("reason", text)
                .log("call refused");
        return Status.PERMISSION_DENIED.withDescription(text);
    }

    private static Optional<X509Certificate> certificate(ServerCall<?, ?> call) {
        SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        try {
            if (session != null) {
                Certificate[] chain = session.getPeerCertificates();
                return chain.length > 0 && chain[0] instanceof X509Certificate own
                        ? Optional.of(own)
                        : Optional.empty();
            }
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
        return Optional.empty();
    }
}
