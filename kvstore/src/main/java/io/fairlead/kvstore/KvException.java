package io.fairlead.kvstore;

import io.fairlead.contract.FailureKind;
import org.jspecify.annotations.Nullable;

/** A request to the store that did not end well. The message says what was attempted. */
public final class KvException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final FailureKind kind;

    public KvException(FailureKind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What should happen next. */
    public FailureKind kind() {
        return kind;
    }
}
