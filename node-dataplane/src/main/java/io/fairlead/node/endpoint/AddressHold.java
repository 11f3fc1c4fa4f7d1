package io.fairlead.node.endpoint;

import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.EndpointException.Reason;
import io.fairlead.runtime.retry.Timers;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of one ADD until its endpoint claims them: one that hangs must not keep them for ever. Thread-safe.
 *
 * <p>They are claimed before anybody else hears of them, so one that was given back is nobody's at that time.
 */
final class AddressHold {
    private static final Logger LOGGER = LoggerFactory.getLogger(AddressHold.class);

    private final AddressPool pool;
    private final EndpointManager.Expiry expiry;
    private final String owner;
    private final List<Ip> held = new ArrayList<>(); // guarded by: this
    private final List<Ip> expired = new ArrayList<>(); // guarded by: this
    private final List<Timers.Pending> timers = new ArrayList<>(); // guarded by: this

    AddressHold(AddressPool pool, EndpointManager.Expiry expiry, String owner) {
        this.pool = pool;
        this.expiry = expiry;
        this.owner = owner;
    }

    synchronized void hold(Ip ip) {
        held.add(ip);
        timers.add(expiry.timers().after(expiry.after(), () -> expire(ip)));
    }

    /**
     * From now on they are the endpoint's, until it goes.
     *
     * @throws EndpointException when it is too late
     */
    synchronized void claim() {
        cancel();
        if (!expired.isEmpty()) {
            throw new EndpointException(
                    Reason.UNAVAILABLE,
                    "address " + expired.get(0) + ": given back, the endpoint did not claim it within "
                            + expiry.after().toSeconds() + " s (expected: another ADD)");
        }
    }

    /** They are given back by who took them. */
    synchronized void cancel() {
        timers.forEach(Timers.Pending::cancel);
        timers.clear();
        held.clear();
    }

    private synchronized void expire(Ip ip) {
        if (held.remove(ip)) {
            expired.add(ip);
            pool.release(ip, owner);
            LOGGER.atWarn()
                    .addKeyValue("ip", ip)
                    .addKeyValue("owner", owner)
                    .log("address that no endpoint claimed is given back");
        }
    }
}
