package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.NatEntry;
import io.fairlead.node.kernel.NatKey;
import io.fairlead.node.kernel.NatKey.Direction;
import io.fairlead.node.kernel.TranslationTable;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One of the maps of address translations: nat4, nat6. Every call has buffers of its own, so any thread may call. */
public final class NatMap implements TranslationTable {
    private static final Logger LOGGER = LoggerFactory.getLogger(NatMap.class);
    private static final int BATCH = 4096;

    private final BpfMap map;
    private final KeyLayout key;
    private final EntryLayout entry;
    private final byte out;
    private final byte in;
    private final int host;

    private record KeyLayout(int size, FlowFields.Address src, FlowFields.Address dst, Ports ports, int direction) {
        private record Ports(int src, int dst, int protocol) {}

        static KeyLayout of(StructCodec codec) {
            return new KeyLayout(
                    codec.size(),
                    FlowFields.address(codec, "src"),
                    FlowFields.address(codec, "dst"),
                    new Ports(
                            FlowFields.offset(codec, "sport", Short.BYTES),
                            FlowFields.offset(codec, "dport", Short.BYTES),
                            FlowFields.offset(codec, "protocol", Byte.BYTES)),
                    FlowFields.offset(codec, "direction", Byte.BYTES));
        }
    }

    private record EntryLayout(int size, int created, int used, FlowFields.Address to, int port, int flags) {
        static EntryLayout of(StructCodec codec) {
            return new EntryLayout(
                    codec.size(),
                    FlowFields.offset(codec, "created", Long.BYTES),
                    FlowFields.offset(codec, "used", Long.BYTES),
                    FlowFields.address(codec, "addr"),
                    FlowFields.offset(codec, "port", Short.BYTES),
                    FlowFields.offset(codec, "flags", Short.BYTES));
        }
    }

    /** @param map the open map, one of both */
    public NatMap(BpfSpec spec, BpfMap map) {
        this.map = map;
        key = KeyLayout.of(spec.struct(map.spec().keyType()));
        entry = EntryLayout.of(spec.struct(map.spec().valueType()));
        out = (byte) spec.number("nat_direction", "NAT_" + Direction.OUT);
        in = (byte) spec.number("nat_direction", "NAT_" + Direction.IN);
        host = spec.number("nat_flags", "NAT_HOST");
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
    public int read(long usedBefore, BiConsumer<NatKey, NatEntry> to) {
        int[] seen = new int[1];
        map.read(entry.size(), BATCH, (keys, values, count) -> {
            seen[0] += count;
            for (int i = 0; i < count; i++) {
                if (values.getLong(i * entry.size() + entry.used()) < usedBefore) {
                    give(keys, i * key.size(), values, i * entry.size(), to);
                }
            }
        });
        return seen[0];
    }

    /** An entry that somebody filled with nonsense must not hide the others. */
    private void give(ByteBuffer keys, int keyAt, ByteBuffer values, int valueAt, BiConsumer<NatKey, NatEntry> to) {
        byte direction = keys.get(keyAt + key.direction());
        if (direction == out || direction == in) {
            to.accept(readKey(keys, keyAt), readEntry(values, valueAt));
            return;
        }
        map.deleteOne(keys.slice(keyAt, key.size()));
        LOGGER.atWarn()
                .addKeyValue("map", map.name())
                .addKeyValue("direction", direction)
                .log("entry nobody could have meant removed");
    }

    @Override
    public Optional<NatEntry> find(NatKey wanted) {
        ByteBuffer value = Bpf.buffer(entry.size());
        return map.find(writeKey(wanted), value) ? Optional.of(readEntry(value, 0)) : Optional.empty();
    }

    @Override
    public boolean remove(NatKey which, NatEntry as) {
        ByteBuffer value = Bpf.buffer(entry.size());
        return map.remove(writeKey(which), value, () -> readEntry(value, 0).equals(as));
    }

    /** Writes an entry as the programs do, for tests and measurements. */
    void write(NatKey to, NatEntry value) {
        ByteBuffer bytes = Bpf.buffer(entry.size())
                .putLong(entry.created(), value.created())
                .putLong(entry.used(), value.used())
                .putShort(entry.flags(), (short) (value.host() ? host : 0));
        entry.to().put(bytes, 0, value.to());
        FlowFields.putPort(bytes, entry.port(), value.port());
        map.updateOne(writeKey(to), bytes);
    }

    private ByteBuffer writeKey(NatKey from) {
        ByteBuffer bytes = Bpf.buffer(key.size());
        key.src().put(bytes, 0, from.src());
        key.dst().put(bytes, 0, from.dst());
        FlowFields.putPort(bytes, key.ports().src(), from.sport());
        FlowFields.putPort(bytes, key.ports().dst(), from.dport());
        return bytes.put(key.ports().protocol(), (byte) from.protocol())
                .put(key.direction(), from.direction() == Direction.OUT ? out : in);
    }

    private NatKey readKey(ByteBuffer keys, int at) {
        return new NatKey(
                key.src().get(keys, at),
                key.dst().get(keys, at),
                FlowFields.port(keys, at + key.ports().src()),
                FlowFields.port(keys, at + key.ports().dst()),
                keys.get(at + key.ports().protocol()) & 0xff,
                keys.get(at + key.direction()) == out ? Direction.OUT : Direction.IN);
    }

    private NatEntry readEntry(ByteBuffer values, int at) {
        return new NatEntry(
                values.getLong(at + entry.created()),
                values.getLong(at + entry.used()),
                entry.to().get(values, at),
                FlowFields.port(values, at + entry.port()),
                (values.getShort(at + entry.flags()) & host) != 0);
    }
}
