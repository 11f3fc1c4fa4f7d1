package io.fairlead.cli.connectivity;

/** The driver could not do what it was told, or it was not understood; the message is one line for the user. */
final class DriverException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DriverException(String message) {
        super(message);
    }

    DriverException(String message, Throwable cause) {
        super(message, cause);
    }
}
