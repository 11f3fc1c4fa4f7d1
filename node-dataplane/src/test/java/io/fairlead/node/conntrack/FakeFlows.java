package io.fairlead.node.conntrack;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.ConnectionTable;
import io.fairlead.node.kernel.CtEntry;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.NatEntry;
import io.fairlead.node.kernel.NatKey;
import io.fairlead.node.kernel.Sweep;
import io.fairlead.node.kernel.TranslationTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;

/** All tables of a node in memory. */
public final class FakeFlows {
    private static final CtEntry.Half NOTHING = new CtEntry.Half(0, 0, 0, 0, 0);

    public final Connections tcp4 = new Connections("ct4_tcp");
    public final Connections any4 = new Connections("ct4_any");
    public final Connections tcp6 = new Connections("ct6_tcp");
    public final Connections any6 = new Connections("ct6_any");
    public final Translations nat4 = new Translations("nat4");
    public final Translations nat6 = new Translations("nat6");
    public final ConntrackTables tables = new ConntrackTables(tcp4, any4, tcp6, any6, nat4, nat6);

    /** The key of a connection, the lower address being first. */
    public static CtKey key(Ip one, int onePort, Ip other, int otherPort, int protocol) {
        CtKey key = new CtKey(one, other, onePort, otherPort, protocol);
        return one.compareTo(other) <= 0 ? key : key.swapped();
    }

    /** A connection that matters only by its time. */
    public static CtEntry until(long expires) {
        return new CtEntry(expires, NOTHING, NOTHING, new CtEntry.Judged(0, 0, 0, 0), Set.of());
    }

    /** A table of connections. */
    public static final class Connections implements ConnectionTable {
        public final Map<CtKey, CtEntry> entries = new LinkedHashMap<>();
        public int sweeps;
        public boolean fails;
        public double filled;
        private final String name;

        Connections(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public int capacity() {
            return 1000;
        }

        @Override
        public double filled() {
            return filled;
        }

        @Override
        public void read(BiConsumer<CtKey, CtEntry> to) {
            Map.copyOf(entries).forEach(to);
        }

        @Override
        public OptionalLong expires(CtKey key) {
            CtEntry entry = entries.getOrDefault(key, entries.get(key.swapped()));
            return entry == null ? OptionalLong.empty() : OptionalLong.of(entry.expires());
        }

        @Override
        public Sweep sweep(long now) {
            if (fails) {
                throw new KernelException("read map " + name, 1, "EPERM (not today)", FailureKind.GIVE_UP);
            }
            sweeps++;
            int before = entries.size();
            entries.values().removeIf(entry -> entry.expires() <= now);
            return new Sweep(before, before - entries.size());
        }

        @Override
        public int flush() {
            int count = entries.size();
            entries.clear();
            return count;
        }
    }

    /** A table of translations. */
    public static final class Translations implements TranslationTable {
        public final Map<NatKey, NatEntry> entries = new LinkedHashMap<>();
        public double filled;
        /** Runs before each removal: the packet that comes in between. */
        public Runnable between = () -> {};

        private final String name;

        Translations(String name) {
            this.name = name;
        }

        /** Writes both entries of a mapping. */
        public void map(NatKey out, NatEntry entry) {
            entries.put(out, entry);
            entries.put(
                    out.pair(entry), new NatEntry(entry.created(), entry.used(), out.src(), out.sport(), entry.host()));
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public int capacity() {
            return 1000;
        }

        @Override
        public double filled() {
            return filled;
        }

        @Override
        public int read(long usedBefore, BiConsumer<NatKey, NatEntry> to) {
            List<Map.Entry<NatKey, NatEntry>> all = List.copyOf(entries.entrySet());
            all.stream()
                    .filter(e -> e.getValue().used() < usedBefore)
                    .forEach(e -> to.accept(e.getKey(), e.getValue()));
            return all.size();
        }

        @Override
        public Optional<NatEntry> find(NatKey key) {
            return Optional.ofNullable(entries.get(key));
        }

        @Override
        public boolean remove(NatKey key, NatEntry as) {
            between.run();
            return entries.remove(key, as);
        }
    }
}
