package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.CtEntry;
import io.fairlead.node.kernel.CtEntry.Flag;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.Sweep;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("root")
class CtMapTest {
    private static final int TCP = 6;

    private final BpfSpec spec = BpfSpec.datapath();
    private final Path root = Namespace.mountBpf();
    private BpfObject object;

    @BeforeEach
    void load() {
        object = BpfObject.load(spec, MapTableTest.CONFIG, root);
    }

    @AfterEach
    void unload() {
        object.close();
        Namespace.unmount(root);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ct4_tcp", "ct4_any", "ct6_tcp", "ct6_any"})
    void connectionsComeBackAsTheyWereWritten(String name) {
        CtMap map = new CtMap(spec, object.map(name));
        Random random = new Random(11);
        Map<CtKey, CtEntry> entries = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            entries.put(key(name, i, random), entry(random.nextLong(), random));
        }
        entries.forEach(map::write);
        assertThat(read(map)).isEqualTo(entries);
        CtKey some = entries.keySet().iterator().next();
        assertThat(map.expires(some))
                .isEqualTo(OptionalLong.of(entries.get(some).expires()));
        assertThat(map.expires(some.swapped())).isEqualTo(map.expires(some));
        assertThat(map.expires(new CtKey(some.first(), some.second(), 1, 2, 255)))
                .isEmpty();
    }

    @Test
    void fieldsAreWhereTheProgramsHaveThem() {
        CtMap map = new CtMap(spec, object.map("ct4_tcp"));
        map.write(
                new CtKey(Ip.parse("10.0.0.1"), Ip.parse("10.0.0.2"), 0x1234, 80, TCP),
                new CtEntry(
                        5,
                        new CtEntry.Half(1, 2, 3, 0x1b, 0x02),
                        new CtEntry.Half(11, 12, 13, 0x13, 0x01),
                        new CtEntry.Judged(21, 22, 23, 24),
                        Set.of(Flag.BEGUN_BY_SECOND, Flag.EGRESS)));
        StructCodec keys = spec.struct("ct_key4");
        StructCodec values = spec.struct("ct_entry");
        object.map("ct4_tcp").read(values.size(), 16, (keyBytes, valueBytes, count) -> {
            if (count == 0) {
                return;
            }
            assertThat(keys.at(keyBytes, 0).getBytes("first")).containsExactly(10, 0, 0, 1);
            assertThat(keys.at(keyBytes, 0).getBytes("second")).containsExactly(10, 0, 0, 2);
            assertThat(keys.at(keyBytes, 0).getBytes("first_port")).containsExactly(0x12, 0x34);
            assertThat(keys.at(keyBytes, 0).getBytes("second_port")).containsExactly(0, 80);
            assertThat(keys.at(keyBytes, 0).getBytes("protocol")).containsExactly(6);
            StructCodec.Value value = values.at(valueBytes, 0);
            assertThat(value.getLong("expires")).isEqualTo(5);
            ByteBuffer packets = ByteBuffer.wrap(value.getBytes("packets")).order(valueBytes.order());
            assertThat(packets.getLong(0)).isEqualTo(1);
            assertThat(packets.getLong(8)).isEqualTo(11);
            assertThat(value.getBytes("tcp_flags")).containsExactly(0x1b, 0x13);
            assertThat(value.getBytes("reported_flags")).containsExactly(0x02, 0x01);
            assertThat(value.getInt("ingress_policy")).isEqualTo(21);
            assertThat(value.getInt("dst_identity")).isEqualTo(24);
            assertThat(value.getInt("flags")).isEqualTo(1 | 4);
        });
    }

    @Test
    void onlyWhatHasExpiredIsSwept() {
        CtMap map = new CtMap(spec, object.map("ct4_any"));
        Random random = new Random(12);
        Map<CtKey, CtEntry> entries = new HashMap<>();
        long now = 1_000_000;
        for (int i = 0; i < 20_000; i++) {
            entries.put(key("ct4_any", i, random), entry(now - 3 + random.nextInt(6), random));
        }
        entries.forEach(map::write);
        Map<CtKey, CtEntry> live = entries.entrySet().stream()
                .filter(e -> e.getValue().expires() > now)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        assertThat(map.sweep(now)).isEqualTo(new Sweep(entries.size(), entries.size() - live.size()));
        assertThat(read(map)).isEqualTo(live);
        assertThat(map.sweep(now)).isEqualTo(new Sweep(live.size(), 0));
    }

    @Test
    void anEntryRefreshedWhileItIsRemovedStaysAsTheProgramLeftIt() {
        BpfMap map = object.map("ct4_any");
        CtMap table = new CtMap(spec, map);
        CtKey key = key("ct4_any", 1, new Random(1));
        CtEntry old = entry(5, new Random(2));
        CtEntry refreshed = entry(50, new Random(3));
        ByteBuffer keyBytes = Bpf.buffer(map.spec().keySize());
        table.write(key, old);
        map.read(map.spec().valueSize(), 4, (keys, values, count) -> {
            if (count > 0) {
                keyBytes.put(0, keys, 0, map.spec().keySize());
            }
        });
        ByteBuffer value = Bpf.buffer(map.spec().valueSize());
        int expires = spec.struct("ct_entry").fields().get("expires").offset();
        int[] looks = new int[1];
        boolean gone = map.remove(keyBytes, value, () -> {
            boolean stale = value.getLong(expires) < 10;
            if (looks[0]++ == 0) {
                // a packet comes right after the last look
                table.write(key, refreshed);
            }
            return stale;
        });
        assertThat(gone).isFalse();
        assertThat(looks[0]).isEqualTo(2);
        assertThat(read(table)).isEqualTo(Map.of(key, refreshed));

        assertThat(map.remove(keyBytes, value, () -> value.getLong(expires) < 10))
                .as("seen refreshed before")
                .isFalse();
        assertThat(map.remove(keyBytes, value, () -> true)).isTrue();
        assertThat(map.remove(keyBytes, value, () -> true)).as("not there").isFalse();
    }

    @Test
    void flushLeavesNothing() {
        CtMap map = new CtMap(spec, object.map("ct6_tcp"));
        Random random = new Random(13);
        for (int i = 0; i < 20_000; i++) {
            map.write(key("ct6_tcp", i, random), entry(Long.MAX_VALUE, random));
        }
        assertThat(map.flush()).isEqualTo(20_000);
        assertThat(read(map)).isEmpty();
        assertThat(map.flush()).isZero();
    }

    @Test
    void aFullTableReplacesItsOldestEntries() {
        BpfMap bpf = object.map("ct4_any");
        CtMap map = new CtMap(spec, bpf);
        int total = map.capacity() + 131_072;
        byte[] value = new byte[bpf.spec().valueSize()];
        int batch = 4096;
        ByteBuffer values = Bpf.buffer(batch * value.length);
        for (int from = 0; from < total; from += batch) {
            ByteBuffer keys = Bpf.buffer(batch * bpf.spec().keySize());
            for (int i = 0; i < batch; i++) {
                // the address, which is first; the rest may be zero
                keys.put(i * bpf.spec().keySize(), Ip.v4(from + i).bytes());
            }
            assertThat(bpf.update(keys, values, batch).failure()).isNull();
        }
        int left = map.sweep(-1).scanned();
        assertThat(left).isLessThanOrEqualTo(map.capacity()).isGreaterThan(map.capacity() / 10 * 9);
        assertThat(map.filled()).isGreaterThan(0.85);
        assertThat(there(map, 0, 10_000)).as("of the oldest").isLessThan(1000);
        assertThat(there(map, total - 10_000, total)).as("of the newest").isGreaterThan(9000);
        assertThat(map.sweep(0)).as("their time is zero").isEqualTo(new Sweep(left, left));
        assertThat(map.filled()).isZero();
    }

    private static int there(CtMap map, int from, int to) {
        int found = 0;
        for (int i = from; i < to; i++) {
            found += map.expires(new CtKey(Ip.v4(i), Ip.v4(0), 0, 0, 0)).isPresent() ? 1 : 0;
        }
        return found;
    }

    @Test
    void howFullItIsIsEstimatedFromItsBegin() {
        CtMap map = new CtMap(spec, object.map("ct4_any"));
        assertThat(map.filled()).isZero();
        Random random = new Random(14);
        for (int i = 0; i < 500; i++) {
            map.write(key("ct4_any", i, random), entry(1, random));
        }
        assertThat(map.filled()).isEqualTo(500.0 / map.capacity());
        for (int i = 500; i < 100_000; i++) {
            map.write(key("ct4_any", i, random), entry(1, random));
        }
        assertThat(map.filled()).isCloseTo(100_000.0 / map.capacity(), within(0.06));
    }

    private static Map<CtKey, CtEntry> read(CtMap map) {
        Map<CtKey, CtEntry> entries = new HashMap<>();
        map.read(entries::put);
        return entries;
    }

    private static CtKey key(String map, int number, Random random) {
        boolean v4 = map.startsWith("ct4");
        Ip one = v4 ? Ip.v4(0x0a000000 + number) : Ip.v6(0xfd00L << 48, number);
        Ip other = v4 ? Ip.v4(random.nextInt()) : Ip.v6(random.nextLong(), random.nextLong());
        int protocol = map.endsWith("tcp") ? TCP : 17;
        return new CtKey(one, other, random.nextInt(65536), random.nextInt(65536), protocol);
    }

    private static CtEntry entry(long expires, Random random) {
        Set<Flag> flags = Arrays.stream(Flag.values())
                .filter(flag -> random.nextBoolean())
                .collect(Collectors.toSet());
        return new CtEntry(
                expires,
                half(random),
                half(random),
                new CtEntry.Judged(random.nextInt(), random.nextInt(), random.nextInt(), random.nextInt()),
                flags);
    }

    private static CtEntry.Half half(Random random) {
        return new CtEntry.Half(
                random.nextLong(), random.nextLong(), random.nextLong(), random.nextInt(256), random.nextInt(256));
    }
}
