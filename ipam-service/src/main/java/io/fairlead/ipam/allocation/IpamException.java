package io.fairlead.ipam.allocation;

/** A request that cannot be carried out as it is. The message names the value and what is expected. */
public final class IpamException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why it cannot. */
    public enum Reason {
        /** The request itself is wrong. */
        INVALID,
        /** No such node, or no such pool. */
        NOT_FOUND,
        /** Another node has what was asked for. */
        CONFLICT,
        /** The pool has no block left. */
        EXHAUSTED,
        /** The configuration or the store must be put right first. */
        REFUSED,
        /** Others changed the same keys again and again: the same request may succeed later. */
        BUSY
    }

    private final Reason reason;

    public IpamException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
