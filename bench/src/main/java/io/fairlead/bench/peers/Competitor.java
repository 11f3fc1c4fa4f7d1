package io.fairlead.bench.peers;

import java.util.Map;

/** Who brings routes from one place into all clients' kernels. Times are System.nanoTime. */
interface Competitor extends AutoCloseable {
    /** How many single routes can be announced. */
    int SINGLES = 30;

    String name();

    Network network();

    /** Makes routes ready to be announced; not part of what is measured. */
    void prepare(Routes routes);

    /**
     * Announces the bulk routes.
     *
     * @return when it began
     */
    Times announce();

    /** Takes them back. */
    Times withdraw();

    /** Announces one more route. */
    Times announceSingle(int index);

    /** Takes back all single ones. */
    void withdrawSingles();

    /** Resident MB of the one in the middle, and of a client. */
    Map<String, Double> megabytes();

    @Override
    void close();

    /**
     * When it was announced.
     *
     * @param begun first word of it
     * @param durable when a durable store had all of it; the same as {@code begun} where there is none
     */
    record Times(long begun, long durable) {}
}
