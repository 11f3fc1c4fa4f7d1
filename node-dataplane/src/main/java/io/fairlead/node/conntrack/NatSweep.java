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
 * compared once more when it goes: one that is used is never removed. What is left is an answer in the microseconds
 * between that and the look at its pair: it finds its entry, but the next packet out gets a new mapping.
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
        return key.direction() == NatKey.Direction.OUT
                ? remove(table, key, Optional.of(entry), pairKey, whole)
                : remove(table, pairKey, whole, key, Optional.of(entry));
    }

    /**
     * What leaves goes first: without it a new mapping is made, without the other entry answers would be lost. When
     * somebody has just used it, both stay.
     */
    private static int remove(
            TranslationTable table, NatKey outKey, Optional<NatEntry> out, NatKey inKey, Optional<NatEntry> in) {
        int gone = 0;
        if (out.isPresent()) {
            if (table.remove(outKey, out.get())) {
                gone++;
            } else if (table.find(outKey).isPresent()) {
                return 0;
            }
        }
        return in.isPresent() && table.remove(inKey, in.get()) ? gone + 1 : gone;
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
}
