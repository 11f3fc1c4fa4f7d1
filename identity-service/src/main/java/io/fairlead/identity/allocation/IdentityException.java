package io.fairlead.identity.allocation;

/** A request that cannot be carried out as it is. The message names the value and what is expected. */
public final class IdentityException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why it cannot. */
    public enum Reason {
        /** The request itself is wrong. */
        INVALID,
        /** What it refers to is not there. */
        UNKNOWN,
        /** No number is left. */
        EXHAUSTED,
        /** The store must be put right first. */
        REFUSED,
        /** Others changed the same keys again and again: the same request may succeed later. */
        BUSY
    }

    private final Reason reason;

    public IdentityException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
