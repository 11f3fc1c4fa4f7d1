package io.fairlead.identity.policy;

import java.util.List;

/** A request about policies that cannot be carried out as it is. The message has a line for each mistake. */
public final class PolicyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why it cannot. */
    public enum Reason {
        /** The request itself is wrong. */
        INVALID,
        /** What it names is not there. */
        UNKNOWN,
        /** Others changed the same policies again and again: the same request may succeed later. */
        BUSY
    }

    private final Reason reason;

    PolicyException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    static PolicyException invalid(List<String> mistakes) {
        return new PolicyException(Reason.INVALID, String.join("\n", mistakes));
    }

    public Reason reason() {
        return reason;
    }
}
