package io.fairlead.events.outbox;

import org.jspecify.annotations.Nullable;

/** The outbox cannot take or give events now. The message names the file and what was expected. */
public final class OutboxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutboxException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
