package io.fairlead.runtime.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

/**
 * Keeps the middle out of long descriptions: they repeat the value that was refused, travel in a header, and above 8 KiB
 * of it a client sees nothing but INTERNAL.
 */
final class ShortDescriptions implements ServerInterceptor {
    /** A character is at most nine bytes of a header. */
    static final int MOST = 800;

    private static final int TAIL = 300;

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    public void close(Status status, Metadata trailers) {
                        String description = status.getDescription();
                        super.close(
                                description == null ? status : status.withDescription(shortened(description)),
                                trailers);
                    }
                },
                headers);
    }

    /** Beginning and end say which field it is and what is expected. */
    static String shortened(String text) {
        return text.length() <= MOST
                ? text
                : text.substring(0, MOST - TAIL - 1) + "…" + text.substring(text.length() - TAIL);
    }
}
