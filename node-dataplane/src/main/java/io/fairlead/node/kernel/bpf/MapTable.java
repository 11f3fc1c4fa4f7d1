package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.bpf.StructCodec.Value;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A map as a table: batches, and an entry by itself where a batch stops. */
abstract class MapTable<K, V> implements KernelTable<K, V> {
    private static final Logger LOGGER = LoggerFactory.getLogger(MapTable.class);
    private static final int BATCH = 4096;

    private final BpfMap map;
    private final boolean inPlace;

    MapTable(BpfMap map) {
        this(map, false);
    }

    /** @param inPlace whether values have a lock, so that entries change where they are */
    MapTable(BpfMap map, boolean inPlace) {
        this.map = map;
        this.inPlace = inPlace;
    }

    /** Whether values of a map have a lock. */
    static boolean hasLock(BpfSpec spec, BpfMap map) {
        return spec.struct(map.spec().valueType()).fields().containsKey("lock.val");
    }

    /** Writes a key to its bytes, which are zero. */
    abstract void writeKey(ByteBuffer keys, int offset, K key);

    abstract K readKey(ByteBuffer keys, int offset);

    /** Writes a value to its bytes, which are zero. */
    abstract void writeValue(ByteBuffer values, int offset, V value);

    /** As the other, for values that repeat something of their key. */
    void writeValue(ByteBuffer values, int offset, K key, V value) {
        writeValue(values, offset, value);
    }

    abstract V readValue(ByteBuffer values, int offset);

    @Override
    public String name() {
        return map.name();
    }

    /** One entry that somebody filled with nonsense must not hide the others: it goes, and is written anew if wanted. */
    @Override
    public Map<K, V> load() {
        Map<K, V> entries = new LinkedHashMap<>();
        List<ByteBuffer> strange = new ArrayList<>();
        int keySize = map.spec().keySize();
        int valueSize = map.spec().valueSize();
        map.read(valueSize, BATCH, (keys, values, count) -> {
            for (int i = 0; i < count; i++) {
                try {
                    entries.put(readKey(keys, i * keySize), readValue(values, i * valueSize));
                } catch (IllegalArgumentException e) {
                    strange.add(rest(keys, i, keySize));
                    LOGGER.atWarn()
                            .addKeyValue("map", map.name())
                            .addKeyValue("error", e.getMessage())
                            .log("entry nobody could have meant removed");
                }
            }
        });
        strange.forEach(map::deleteOne);
        return entries;
    }

    @Override
    public Map<K, KernelException> upsert(Map<K, V> entries) {
        Map<K, KernelException> failures = new LinkedHashMap<>();
        List<K> keys = new ArrayList<>(entries.keySet());
        int valueSize = map.spec().valueSize();
        for (int from = 0; from < keys.size(); from += BATCH) {
            List<K> chunk = keys.subList(from, Math.min(from + BATCH, keys.size()));
            ByteBuffer keyBytes = keyBytes(chunk);
            ByteBuffer valueBytes = Bpf.buffer(chunk.size() * valueSize);
            for (int i = 0; i < chunk.size(); i++) {
                writeValue(valueBytes, i * valueSize, chunk.get(i), entries.get(chunk.get(i)));
            }
            write(
                    chunk,
                    failures,
                    (start, count) -> map.update(
                            rest(keyBytes, start, map.spec().keySize()),
                            rest(valueBytes, start, valueSize),
                            count,
                            inPlace),
                    at -> map.updateOne(
                            rest(keyBytes, at, map.spec().keySize()), rest(valueBytes, at, valueSize), inPlace));
        }
        return failures;
    }

    @Override
    public Map<K, KernelException> delete(Collection<K> keys) {
        Map<K, KernelException> failures = new LinkedHashMap<>();
        List<K> all = new ArrayList<>(keys);
        for (int from = 0; from < all.size(); from += BATCH) {
            List<K> chunk = all.subList(from, Math.min(from + BATCH, all.size()));
            ByteBuffer keyBytes = keyBytes(chunk);
            write(
                    chunk,
                    failures,
                    (start, count) ->
                            map.delete(rest(keyBytes, start, map.spec().keySize()), count),
                    at -> map.deleteOne(rest(keyBytes, at, map.spec().keySize())));
        }
        return failures;
    }

    private interface Batch {
        BpfMap.Progress run(int start, int count);
    }

    private interface One {
        void run(int at);
    }

    /** Batches until one stops, then that entry alone, then batches again. */
    private void write(List<K> chunk, Map<K, KernelException> failures, Batch batch, One one) {
        int at = 0;
        while (at < chunk.size()) {
            BpfMap.Progress progress = batch.run(at, chunk.size() - at);
            at += progress.done();
            if (progress.failure() != null) {
                try {
                    one.run(at);
                } catch (KernelException e) {
                    failures.put(chunk.get(at), e);
                }
                at++;
            }
        }
    }

    private ByteBuffer keyBytes(List<K> keys) {
        int size = map.spec().keySize();
        ByteBuffer bytes = Bpf.buffer(keys.size() * size);
        for (int i = 0; i < keys.size(); i++) {
            writeKey(bytes, i * size, keys.get(i));
        }
        return bytes;
    }

    /** The entries from one on, as a buffer that starts there. */
    static ByteBuffer rest(ByteBuffer entries, int from, int size) {
        int offset = from * size;
        return entries.slice(offset, entries.capacity() - offset).order(entries.order());
    }

    /** Addresses and numbers that several maps have. */
    static final class Fields {
        private final int ipv4;
        private final int ipv6;

        Fields(BpfSpec spec) {
            ipv4 = spec.number("ip_family", "FAMILY_IPV4");
            ipv6 = spec.number("ip_family", "FAMILY_IPV6");
        }

        void putIp(Value value, String prefix, Ip ip) {
            value.putBytes(prefix + "addr", ip.bytes()).putInt(prefix + "family", ip.isV4() ? ipv4 : ipv6);
        }

        /** @throws IllegalArgumentException when the family is neither */
        Ip getIp(Value value, String prefix) {
            int family = value.getInt(prefix + "family");
            byte[] bytes = value.getBytes(prefix + "addr");
            if (family == ipv4) {
                return Ip.of(Arrays.copyOf(bytes, 4));
            }
            if (family == ipv6) {
                return Ip.of(bytes);
            }
            throw new IllegalArgumentException(
                    "address family: " + family + " (expected: " + ipv4 + " or " + ipv6 + ")");
        }
    }

    /** Which policy judges an endpoint, as values of two maps have it. */
    static final class PolicyRefs {
        private final int ingress;
        private final int egress;
        private final int audit;

        PolicyRefs(BpfSpec spec) {
            ingress = spec.number("policy_flags", "POLICY_INGRESS");
            egress = spec.number("policy_flags", "POLICY_EGRESS");
            audit = spec.number("policy_flags", "POLICY_AUDIT");
        }

        void put(Value value, PolicyRef policy) {
            value.putInt("policy.id", policy.id())
                    .putInt(
                            "policy.flags",
                            (policy.ingress() ? ingress : 0)
                                    | (policy.egress() ? egress : 0)
                                    | (policy.audit() ? audit : 0));
        }

        PolicyRef get(Value value) {
            int flags = value.getInt("policy.flags");
            return new PolicyRef(
                    value.getInt("policy.id"), (flags & ingress) != 0, (flags & egress) != 0, (flags & audit) != 0);
        }
    }

    /** Prefixes of addresses as keys: the family stands before the address, and is always compared in full. */
    static final class Prefixes {
        private final Fields fields;
        private final StructCodec key;
        private final int familyBits;

        Prefixes(BpfSpec spec, BpfMap map) {
            fields = new Fields(spec);
            key = spec.struct(map.spec().keyType());
            familyBits = key.fields().get("family").size() * Byte.SIZE;
        }

        void put(ByteBuffer keys, int offset, Cidr cidr) {
            Value written = key.at(keys, offset).putInt("prefixlen", familyBits + cidr.prefixLength());
            fields.putIp(written, "", cidr.address());
        }

        Cidr get(ByteBuffer keys, int offset) {
            Value read = key.at(keys, offset);
            return Cidr.containing(fields.getIp(read, ""), read.getInt("prefixlen") - familyBits);
        }
    }
}
