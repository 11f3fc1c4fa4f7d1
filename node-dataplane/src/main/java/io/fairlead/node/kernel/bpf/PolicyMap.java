package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.bpf.Metric.Direction;
import io.fairlead.node.kernel.bpf.StructCodec.Value;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** The map "policies": what policies say of identities, protocols and ports. */
public final class PolicyMap extends MapTable<PolicyKey, PolicyEntry> {
    /** Bits of a key that always count: policy, identity and direction. */
    private static final int FIXED_BITS = Integer.SIZE + Integer.SIZE + Byte.SIZE;

    private static final int BATCH = 4096;

    private final BpfMap map;
    private final StructCodec key;
    private final StructCodec value;
    private final byte ingress;
    private final byte egress;

    /**
     * An entry with what it judged.
     *
     * @param entry what it says
     * @param packets it judged: the first of a connection, and the first after a change
     * @param bytes of those
     */
    public record Counted(PolicyEntry entry, long packets, long bytes) {}

    /** @param map the open map "policies" */
    public PolicyMap(BpfSpec spec, BpfMap map) {
        super(map);
        this.map = map;
        key = spec.struct(map.spec().keyType());
        value = spec.struct(map.spec().valueType());
        ingress = (byte) spec.number("direction", "DIRECTION_" + Direction.INGRESS);
        egress = (byte) spec.number("direction", "DIRECTION_" + Direction.EGRESS);
    }

    /** What is there, with its counters. Any thread. */
    public Map<PolicyKey, Counted> readCounted() {
        Map<PolicyKey, Counted> entries = new LinkedHashMap<>();
        map.read(value.size(), BATCH, (keys, values, count) -> {
            for (int i = 0; i < count; i++) {
                Value at = value.at(values, i * value.size());
                entries.put(
                        readKey(keys, i * key.size()),
                        new Counted(readValue(values, i * value.size()), at.getLong("packets"), at.getLong("bytes")));
            }
        });
        return entries;
    }

    @Override
    void writeKey(ByteBuffer keys, int offset, PolicyKey entry) {
        int bits = entry.protocol() == 0 ? 0 : Byte.SIZE + entry.portBits();
        key.at(keys, offset)
                .putInt("prefixlen", FIXED_BITS + bits)
                .putInt("policy", entry.policy())
                .putInt("identity", entry.identity())
                .putBytes("direction", new byte[] {entry.ingress() ? ingress : egress})
                .putBytes("protocol", new byte[] {(byte) entry.protocol()})
                .putBytes("port", new byte[] {(byte) (entry.port() >> 8), (byte) entry.port()});
    }

    @Override
    PolicyKey readKey(ByteBuffer keys, int offset) {
        Value read = key.at(keys, offset);
        byte direction = read.getBytes("direction")[0];
        if (direction != ingress && direction != egress) {
            throw new IllegalArgumentException(
                    "direction: " + direction + " (expected: " + ingress + " or " + egress + ")");
        }
        byte[] port = read.getBytes("port");
        return new PolicyKey(
                read.getInt("policy"),
                direction == ingress,
                read.getInt("identity"),
                read.getBytes("protocol")[0] & 0xff,
                ((port[0] & 0xff) << 8) | (port[1] & 0xff),
                Math.max(0, read.getInt("prefixlen") - FIXED_BITS - Byte.SIZE));
    }

    @Override
    void writeValue(ByteBuffer values, int offset, PolicyKey key, PolicyEntry entry) {
        writeValue(values, offset, entry);
        int length = key.protocol() == 0 ? 0 : Byte.SIZE + key.portBits();
        value.at(values, offset).putBytes("length", new byte[] {(byte) length});
    }

    @Override
    void writeValue(ByteBuffer values, int offset, PolicyEntry entry) {
        value.at(values, offset).putInt("rule", entry.rule()).putBytes("deny", new byte[] {(byte) (entry.deny() ? 1 : 0)
        });
    }

    @Override
    PolicyEntry readValue(ByteBuffer values, int offset) {
        Value read = value.at(values, offset);
        return new PolicyEntry(read.getBytes("deny")[0] != 0, read.getInt("rule"));
    }
}
