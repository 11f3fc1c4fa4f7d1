package io.fairlead.node.conntrack;

import io.fairlead.node.conntrack.Mapping.Connection;
import io.fairlead.node.conntrack.Mapping.Pair;
import io.fairlead.node.kernel.NatEntry;
import io.fairlead.node.kernel.NatKey;
import io.fairlead.node.kernel.Sweep;
import io.fairlead.node.kernel.TranslationTable;
import io.fairlead.node.kernel.bpf.DatapathConfig.Lifetimes;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One pass over a table of translations. It comes before that over connections, so that it sees which of them expired:
 * those that are gone already are harder to tell from those that a full table displaced.
 *
 * <p>Only entries that were idle for as long as the shortest life of a connection are looked at closely, and each is
 * compared once more when it goes: one that is used is never removed.
 */
final class NatSweep {
    private final ConntrackTables tables;
    private final Lifetimes lifetimes;
    private final long now;

    /** @param now in ns of CLOCK_MONOTONIC */
    NatSweep(ConntrackTables tables, Lifetimes lifetimes, long now) {
        this.tables = tables;
        this.lifetimes = lifetimes;
        this.now = now;
    }

    Sweep run(TranslationTable table) {
        int[] deleted = new int[1];
        long quietSince = now - lifetimes.tcpClose().toNanos();
        int scanned = table.read(quietSince, (key, entry) -> deleted[0] += visit(table, key, entry, quietSince));
        return new Sweep(scanned, deleted[0]);
    }

    private int visit(TranslationTable table, NatKey key, NatEntry entry, long quietSince) {
        NatKey pairKey = key.pair(entry);
        Optional<NatEntry> pair = table.find(pairKey);
        Optional<NatEntry> whole = pair.filter(key::isUndoneBy);
        long used = Math.max(entry.used(), whole.map(NatEntry::used).orElse(Long.MIN_VALUE));
        Pair state = whole.isPresent() ? Pair.WHOLE : pair.isPresent() ? Pair.ANOTHER : Pair.MISSING;
        Mapping mapping = new Mapping(connection(key, entry), state, entry.host(), Duration.ofNanos(now - used));
        if (used >= quietSince || !mapping.isOver(lifetime(key))) {
            return 0;
        }
        // What leaves goes first: without it a new mapping is made, without the other one answers would be lost.
        if (key.direction() == NatKey.Direction.OUT) {
            return count(table.remove(key, entry))
                    + whole.map(in -> count(table.remove(pairKey, in))).orElse(0);
        }
        int out = whole.map(first -> count(table.remove(pairKey, first))).orElse(0);
        // When somebody has just used what leaves, this one is in use too.
        boolean kept = whole.isPresent() && out == 0 && table.find(pairKey).isPresent();
        return kept ? 0 : out + count(table.remove(key, entry));
    }

    private Connection connection(NatKey key, NatEntry entry) {
        var connection = key.connection(entry);
        OptionalLong expires = tables.of(connection).expires(connection);
        if (expires.isEmpty()) {
            return Connection.ABSENT;
        }
        return expires.getAsLong() <= now ? Connection.EXPIRED : Connection.LIVE;
    }

    private Duration lifetime(NatKey key) {
        return key.protocol() == ConntrackTables.TCP ? lifetimes.tcp() : lifetimes.any();
    }

    private static int count(boolean removed) {
        return removed ? 1 : 0;
    }
}
