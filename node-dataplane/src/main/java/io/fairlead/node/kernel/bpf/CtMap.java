package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.ConnectionTable;
import io.fairlead.node.kernel.CtEntry;
import io.fairlead.node.kernel.CtEntry.Flag;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.Sweep;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * One of the maps of connections: ct4_tcp, ct4_any, ct6_tcp, ct6_any. Every call has buffers of its own, so any thread
 * may call.
 */
public final class CtMap implements ConnectionTable {
    private static final int BATCH = 4096;

    private final BpfMap map;
    private final KeyLayout key;
    private final EntryLayout entry;
    private final Map<Flag, Integer> bits = new EnumMap<>(Flag.class);

    /** Where the fields of a key are: looking them up by name for each entry would cost more than reading it. */
    private record KeyLayout(int size, FlowFields.Address first, FlowFields.Address second, Ports ports, int protocol) {
        private record Ports(int first, int second) {}

        static KeyLayout of(StructCodec codec) {
            return new KeyLayout(
                    codec.size(),
                    FlowFields.address(codec, "first"),
                    FlowFields.address(codec, "second"),
                    new Ports(
                            FlowFields.offset(codec, "first_port", Short.BYTES),
                            FlowFields.offset(codec, "second_port", Short.BYTES)),
                    FlowFields.offset(codec, "protocol", Byte.BYTES));
        }
    }

    /** Where the fields of an entry are; of arrays of two the first. */
    private record EntryLayout(int size, int expires, Halves halves, Judges judges, int flags) {
        private record Halves(int packets, int bytes, int reported, int tcpFlags, int reportedFlags) {}

        private record Judges(int ingress, int egress, int src, int dst) {}

        static EntryLayout of(StructCodec codec) {
            return new EntryLayout(
                    codec.size(),
                    FlowFields.offset(codec, "expires", Long.BYTES),
                    new Halves(
                            FlowFields.offset(codec, "packets", 2 * Long.BYTES),
                            FlowFields.offset(codec, "bytes", 2 * Long.BYTES),
                            FlowFields.offset(codec, "reported", 2 * Long.BYTES),
                            FlowFields.offset(codec, "tcp_flags", 2),
                            FlowFields.offset(codec, "reported_flags", 2)),
                    new Judges(
                            FlowFields.offset(codec, "ingress_policy", Integer.BYTES),
                            FlowFields.offset(codec, "egress_policy", Integer.BYTES),
                            FlowFields.offset(codec, "src_identity", Integer.BYTES),
                            FlowFields.offset(codec, "dst_identity", Integer.BYTES)),
                    FlowFields.offset(codec, "flags", Integer.BYTES));
        }
    }

    /** @param map the open map, one of the four */
    public CtMap(BpfSpec spec, BpfMap map) {
        this.map = map;
        for (Flag flag : Flag.values()) {
            bits.put(flag, spec.number("ct_flags", "CT_" + flag.name()));
        }
        key = KeyLayout.of(spec.struct(map.spec().keyType()));
        entry = EntryLayout.of(spec.struct(map.spec().valueType()));
    }

    @Override
    public String name() {
        return map.name();
    }

    @Override
    public int capacity() {
        return map.spec().maxEntries();
    }

    @Override
    public double filled() {
        return map.filled();
    }

    @Override
    public void read(BiConsumer<CtKey, CtEntry> to) {
        map.read(entry.size(), BATCH, (keys, values, count) -> {
            for (int i = 0; i < count; i++) {
                to.accept(readKey(keys, i * key.size()), readEntry(values, i * entry.size()));
            }
        });
    }

    @Override
    public OptionalLong expires(CtKey wanted) {
        ByteBuffer value = Bpf.buffer(entry.size());
        boolean found = map.find(writeKey(wanted), value) || map.find(writeKey(wanted.swapped()), value);
        return found ? OptionalLong.of(value.getLong(entry.expires())) : OptionalLong.empty();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Only the time is read of each entry, and again before it goes. What is left is a packet in the microseconds of
     * the removal itself: it finds no connection, or its refresh is undone and put back.
     */
    @Override
    public Sweep sweep(long now) {
        ByteBuffer one = Bpf.buffer(key.size());
        ByteBuffer value = Bpf.buffer(entry.size());
        int[] seen = new int[2];
        map.read(entry.size(), BATCH, (keys, values, count) -> {
            seen[0] += count;
            for (int i = 0; i < count; i++) {
                if (values.getLong(i * entry.size() + entry.expires()) <= now) {
                    one.put(0, keys, i * key.size(), key.size());
                    seen[1] += map.remove(one, value, () -> value.getLong(entry.expires()) <= now) ? 1 : 0;
                }
            }
        });
        return new Sweep(seen[0], seen[1]);
    }

    @Override
    public int flush() {
        int[] gone = new int[1];
        map.read(entry.size(), BATCH, (keys, values, count) -> {
            int at = 0;
            while (at < count) {
                int offset = at * key.size();
                BpfMap.Progress progress =
                        map.delete(keys.slice(offset, keys.capacity() - offset).order(keys.order()), count - at);
                gone[0] += progress.done();
                // The one it stopped at was gone already, or has to be tried alone to know why.
                if (progress.failure() != null) {
                    map.deleteOne(keys.slice(offset + progress.done() * key.size(), key.size()));
                }
                at += progress.done() + 1;
            }
        });
        return gone[0];
    }

    /** Writes entries as the programs do, for tests and measurements. */
    void write(CtKey to, CtEntry value) {
        map.updateOne(writeKey(to), writeEntry(value));
    }

    private ByteBuffer writeKey(CtKey from) {
        ByteBuffer bytes = Bpf.buffer(key.size());
        key.first().put(bytes, 0, from.first());
        key.second().put(bytes, 0, from.second());
        FlowFields.putPort(bytes, key.ports().first(), from.firstPort());
        FlowFields.putPort(bytes, key.ports().second(), from.secondPort());
        return bytes.put(key.protocol(), (byte) from.protocol());
    }

    private CtKey readKey(ByteBuffer keys, int at) {
        Ip first = key.first().get(keys, at);
        Ip second = key.second().get(keys, at);
        return new CtKey(
                first,
                second,
                FlowFields.port(keys, at + key.ports().first()),
                FlowFields.port(keys, at + key.ports().second()),
                keys.get(at + key.protocol()) & 0xff);
    }

    private ByteBuffer writeEntry(CtEntry from) {
        ByteBuffer bytes = Bpf.buffer(entry.size()).putLong(entry.expires(), from.expires());
        writeHalf(bytes, 0, from.begun());
        writeHalf(bytes, 1, from.answered());
        int flags = 0;
        for (Flag flag : from.flags()) {
            flags |= bits.get(flag);
        }
        return bytes.putInt(entry.judges().ingress(), from.judged().ingressPolicy())
                .putInt(entry.judges().egress(), from.judged().egressPolicy())
                .putInt(entry.judges().src(), from.judged().srcIdentity())
                .putInt(entry.judges().dst(), from.judged().dstIdentity())
                .putInt(entry.flags(), flags);
    }

    private void writeHalf(ByteBuffer bytes, int half, CtEntry.Half from) {
        EntryLayout.Halves at = entry.halves();
        bytes.putLong(at.packets() + half * Long.BYTES, from.packets())
                .putLong(at.bytes() + half * Long.BYTES, from.bytes())
                .putLong(at.reported() + half * Long.BYTES, from.reported())
                .put(at.tcpFlags() + half, (byte) from.tcpFlags())
                .put(at.reportedFlags() + half, (byte) from.reportedFlags());
    }

    private CtEntry readEntry(ByteBuffer values, int at) {
        EntryLayout.Judges judges = entry.judges();
        return new CtEntry(
                values.getLong(at + entry.expires()),
                readHalf(values, at, 0),
                readHalf(values, at, 1),
                new CtEntry.Judged(
                        values.getInt(at + judges.ingress()),
                        values.getInt(at + judges.egress()),
                        values.getInt(at + judges.src()),
                        values.getInt(at + judges.dst())),
                flags(values.getInt(at + entry.flags())));
    }

    private CtEntry.Half readHalf(ByteBuffer values, int base, int half) {
        EntryLayout.Halves at = entry.halves();
        return new CtEntry.Half(
                values.getLong(base + at.packets() + half * Long.BYTES),
                values.getLong(base + at.bytes() + half * Long.BYTES),
                values.getLong(base + at.reported() + half * Long.BYTES),
                values.get(base + at.tcpFlags() + half) & 0xff,
                values.get(base + at.reportedFlags() + half) & 0xff);
    }

    private Set<Flag> flags(int number) {
        Set<Flag> flags = EnumSet.noneOf(Flag.class);
        for (Flag flag : Flag.values()) {
            if ((number & bits.get(flag)) != 0) {
                flags.add(flag);
            }
        }
        return flags;
    }
}
