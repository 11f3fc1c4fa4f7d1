package io.fairlead.node.health;

import io.fairlead.contract.Ip;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * The network as a prober sees it. Calls return at once; several threads may call.
 *
 * <p>A future gives the round-trip time or fails; the failure's message says why, {@link #TIMED_OUT} when nothing came.
 */
public interface Probes {
    /** What nothing within the deadline is called. */
    String TIMED_OUT = "Connection timed out";

    /** How a probe is made. */
    enum Kind {
        /** An ICMP echo request to the address's stack. */
        ICMP,
        /** A GET of /hello from who listens on the health port. */
        HTTP
    }

    /** Sends one probe. */
    CompletableFuture<Duration> probe(Kind kind, Ip ip, Duration deadline);
}
