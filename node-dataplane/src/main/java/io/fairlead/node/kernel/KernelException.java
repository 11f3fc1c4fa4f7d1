package io.fairlead.node.kernel;

import io.fairlead.contract.FailureKind;

/** A system call that failed. The message reads "what was attempted: ERRNO (what the kernel said)". */
public class KernelException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int errno;
    private final FailureKind kind;

    /**
     * @param attempt what was attempted, such as "route add 10.244.2.0/24"
     * @param errno positive error number, 0 when the failure is not the kernel's
     * @param reason what the kernel or the check said
     * @param kind what should happen next
     */
    public KernelException(String attempt, int errno, String reason, FailureKind kind) {
        super(attempt + ": " + reason);
        this.errno = errno;
        this.kind = kind;
    }

    /** Positive error number of Linux, or 0. */
    public int errno() {
        return errno;
    }

    /** What should happen next. */
    public FailureKind kind() {
        return kind;
    }
}
