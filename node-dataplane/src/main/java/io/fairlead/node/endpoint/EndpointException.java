package io.fairlead.node.endpoint;

import io.fairlead.contract.FailureKind;

/** An endpoint operation that failed; whatever it had done is undone. The message is for the runtime's user. */
public class EndpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final Reason reason;

    /** Why, as far as a caller can act on it. */
    public enum Reason {
        /** The container has another interface, or another endpoint, of that name. */
        EXISTS,
        /** No such endpoint. */
        UNKNOWN,
        /** No address, or not the one asked for. */
        ADDRESS,
        /** Another operation on the container is still running. */
        BUSY,
        /** The control plane does not know the endpoint's identity. */
        IDENTITY,
        /** The control plane or the datapath did not answer, or not yet. */
        UNAVAILABLE,
        /** The node's disk refuses. */
        STORAGE
    }

    public EndpointException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public EndpointException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    /** What should happen next. */
    public FailureKind kind() {
        return switch (reason) {
            case BUSY, UNAVAILABLE, IDENTITY, STORAGE, ADDRESS -> FailureKind.RETRY;
            case EXISTS, UNKNOWN -> FailureKind.GIVE_UP;
        };
    }
}
