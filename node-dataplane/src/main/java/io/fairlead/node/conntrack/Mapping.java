package io.fairlead.node.conntrack;

import java.time.Duration;

/**
 * What is known of a translation that was not used lately, and whether it may go.
 *
 * @param connection what became of the connection it is for
 * @param pair what became of its other entry
 * @param host the node's own connection
 * @param idle time since the last packet through either entry
 */
record Mapping(Connection connection, Pair pair, boolean host, Duration idle) {
    /** What became of the connection. */
    enum Connection {
        /** It counts: a packet may come at any time. */
        LIVE,
        /** It ended, or was silent for too long. */
        EXPIRED,
        /** It is not there: long ended, forgotten on demand, or displaced in a full table. */
        ABSENT
    }

    /** What became of the other entry. */
    enum Pair {
        /** It undoes this one. */
        WHOLE,
        /** It is not there. */
        MISSING,
        /** It is another mapping's: nothing that this entry translates finds back. */
        ANOTHER
    }

    /**
     * Whether nothing can use it any more.
     *
     * @param lifetime how long a connection of this protocol lives without a packet
     */
    boolean isOver(Duration lifetime) {
        return switch (connection) {
            case LIVE -> pair == Pair.ANOTHER && !host;
            case EXPIRED -> true;
            // A connection that lost its entry may go on, which only its silence for a lifetime disproves; half of a
            // mapping serves nobody.
            case ABSENT -> (pair != Pair.WHOLE && !host) || idle.compareTo(lifetime) > 0;
        };
    }
}
