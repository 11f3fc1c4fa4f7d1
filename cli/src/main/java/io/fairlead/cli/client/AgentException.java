package io.fairlead.cli.client;

/** Who was asked gave no answer, or refused; the message is for the user. */
public final class AgentException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AgentException(String message) {
        super(message);
    }

    public AgentException(String message, Throwable cause) {
        super(message, cause);
    }
}
