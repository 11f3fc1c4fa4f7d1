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
        /** The control plane or the datapath did not answer, or not yet. */
        UNAVAILABLE,
        /** The control plane says the request is wrong: asking again changes nothing. */
        REFUSED,
        /** The control plane has no record of the identity any more: it must be asked for again. */
        LOST,
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
            case BUSY, UNAVAILABLE, LOST, STORAGE, ADDRESS -> FailureKind.RETRY;
            case EXISTS, UNKNOWN, REFUSED -> FailureKind.GIVE_UP;
        };
    }
}
