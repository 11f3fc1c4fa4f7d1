package io.fairlead.events.outbox;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The outbox cannot take or give events now. The message names the file and what was expected. */
public final class OutboxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutboxException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** Of a directory or a file that should have worked. */
    static OutboxException cannot(String what, Path path, IOException cause) {
        return new OutboxException(
                "outbox: cannot " + what + " " + path + ": " + cause.getMessage()
                        + " (expected: a directory that can be written, with room for events-outbox-max)",
                cause);
    }
}
