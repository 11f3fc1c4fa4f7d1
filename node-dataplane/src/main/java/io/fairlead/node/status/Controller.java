package io.fairlead.node.status;

import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Something done over and over, and how it went last. Any thread may say so. */
public final class Controller {
    private static final Logger LOGGER = LoggerFactory.getLogger(Controller.class);

    private final String name;
    private final Clock clock;
    private State state = new State(Optional.empty(), Optional.empty(), 0, ""); // guarded by: this

    /**
     * How it went last.
     *
     * @param consecutiveFailures since the last success
     * @param lastError empty when it never failed since the last success
     */
    public record State(
            Optional<Instant> lastSuccess, Optional<Instant> lastFailure, int consecutiveFailures, String lastError) {}

    Controller(String name, Clock clock) {
        this.name = name;
        this.clock = clock;
    }

    public String name() {
        return name;
    }

    public synchronized State state() {
        return state;
    }

    /** It went well. */
    public synchronized void succeeded() {
        if (state.consecutiveFailures() > 0) {
            LOGGER.atInfo().addKeyValue("controller", name).log("works again");
        }
        state = new State(Optional.of(clock.instant()), state.lastFailure(), 0, "");
    }

    /** It did not; the reason is logged when it is a new one. */
    public synchronized void failed(String reason) {
        if (!reason.equals(state.lastError())) {
            LOGGER.atWarn()
                    .addKeyValue("controller", name)
                    .addKeyValue("error", reason)
                    .log("fails");
        }
        state = new State(state.lastSuccess(), Optional.of(clock.instant()), state.consecutiveFailures() + 1, reason);
    }
}
