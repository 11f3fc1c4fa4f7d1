package io.fairlead.node.endpoint;

import io.fairlead.node.endpoint.EndpointException.Reason;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the control plane again what it may have lost, and finishes removals that failed. Calls block. */
final class EndpointRefresh {
    private static final Logger LOGGER = LoggerFactory.getLogger(EndpointRefresh.class);

    private final EndpointParts parts;
    private final Claims claims;

    EndpointRefresh(EndpointParts parts, Claims claims) {
        this.parts = parts;
        this.claims = claims;
    }

    /** Returns how many endpoints must be tried again. */
    int all() {
        return run(parts.table().all(), false);
    }

    /** The same for some, whose identities are asked for again too. */
    int lost(Predicate<Endpoint> lost) {
        return run(parts.table().living().filter(lost).toList(), true);
    }

    private int run(List<Endpoint> endpoints, boolean anew) {
        int failed = 0;
        boolean away = false;
        for (Endpoint seen : endpoints) {
            boolean leaving = seen.state() == EndpointState.DISCONNECTING;
            // While the control plane is away it is not asked again: each attempt may wait for its deadline.
            Optional<RuntimeException> failure = leaving || !away ? tryBringOn(seen, anew) : Optional.empty();
            failed += failure.isPresent() || (away && !leaving) ? 1 : 0;
            away |= failure.filter(e ->
                            e instanceof EndpointException unavailable && unavailable.reason() == Reason.UNAVAILABLE)
                    .isPresent();
        }
        return failed;
    }

    private Optional<RuntimeException> tryBringOn(Endpoint seen, boolean anew) {
        try {
            claims.holding(seen.attachment(), () -> bringOn(parts.table().find(seen.attachment()), anew));
            return Optional.empty();
        } catch (RuntimeException e) {
            warn(parts, seen, e, "endpoint was not refreshed; trying again later");
            return Optional.of(e);
        }
    }

    private Optional<Endpoint> bringOn(Optional<Endpoint> now, boolean anew) {
        if (now.isPresent() && now.get().state() == EndpointState.DISCONNECTING) {
            parts.dismantle(now.get());
        } else if (now.isPresent()) {
            if (anew) {
                acquireAndPublish(now.get());
            } else {
                publishAgain(now.get());
            }
            Endpoint published = parts.table().find(now.get().attachment()).orElse(now.get());
            parts.table().remember(published.in(EndpointState.READY));
        }
        return now;
    }

    private void publishAgain(Endpoint endpoint) {
        try {
            parts.registrations().publish(endpoint);
        } catch (EndpointException e) {
            if (e.reason() != Reason.LOST) {
                throw e;
            }
            acquireAndPublish(endpoint);
        }
    }

    /** A control plane that lost the identity gives the labels one again, maybe another: then the datapath changes too. */
    private void acquireAndPublish(Endpoint endpoint) {
        parts.registrations()
                .acquireAnew(
                        endpoint.request().workload().labels(),
                        identity -> parts.table().save(endpoint.withIdentity(identity)));
        Endpoint again = parts.table().find(endpoint.attachment()).orElse(endpoint);
        parts.ports().settler().settle(again);
        parts.registrations().publish(again);
    }

    static void warn(EndpointParts parts, Endpoint endpoint, RuntimeException e, String message) {
        parts.table().log().failed(endpoint, EndpointLog.Status.WARNING, message + ": " + e.getMessage());
        LOGGER.atWarn()
                .addKeyValue("endpoint", endpoint.id())
                .addKeyValue("attachment", endpoint.attachment())
                .addKeyValue("reason", e.getMessage())
                .log(message);
    }
}
