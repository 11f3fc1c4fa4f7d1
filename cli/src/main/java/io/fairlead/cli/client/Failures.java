package io.fairlead.cli.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;

/** Turns the failure of a call into one line for the user. */
public final class Failures {
    private Failures() {}

    /**
     * What to say and throw.
     *
     * @param peer who was asked and where: "the agent at /run/fairlead/agent.sock"
     * @param timeout how long was waited
     * @param hint what to look at when there is no answer
     */
    public static AgentException explain(StatusRuntimeException failure, String peer, Duration timeout, String hint) {
        Status status = failure.getStatus();
        String text = switch (status.getCode()) {
            case UNAVAILABLE -> "cannot reach " + peer + ": " + reason(status) + ". " + hint;
            case DEADLINE_EXCEEDED ->
                "cannot reach " + peer + ": no answer within " + timeout.toMillis() + " ms. " + hint;
            default -> peer + " refused: " + status.getCode() + ": " + reason(status);
        };
        return new AgentException(text, failure);
    }

    private static String reason(Status status) {
        Throwable cause = status.getCause();
        while (cause != null && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String text = cause != null && cause.getMessage() != null ? cause.getMessage() : status.getDescription();
        return text == null
                ? "no reason given"
                : text.lines().findFirst().orElse("no reason given").strip();
    }
}
