package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.NatEntry;
import io.fairlead.node.kernel.NatKey;
import io.fairlead.node.kernel.NatKey.Direction;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("root")
class NatMapTest {
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
    @ValueSource(strings = {"nat4", "nat6"})
    void translationsComeBackAsTheyWereWritten(String name) {
        NatMap map = new NatMap(spec, object.map(name));
        Random random = new Random(21);
        Map<NatKey, NatEntry> entries = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            entries.put(key(name, i, random), entry(name, random.nextInt(1000), random));
        }
        entries.forEach(map::write);
        assertThat(read(map, Long.MAX_VALUE)).isEqualTo(entries);

        Map<NatKey, NatEntry> idle = new HashMap<>(entries);
        idle.values().removeIf(entry -> entry.used() >= 300);
        assertThat(read(map, 300)).isEqualTo(idle);
        assertThat(map.read(300, (key, entry) -> {})).as("also those not given").isEqualTo(10_000);

        NatKey some = entries.keySet().iterator().next();
        assertThat(map.find(some)).contains(entries.get(some));
        assertThat(map.remove(some, entries.get(some))).isTrue();
        assertThat(map.find(some)).isEmpty();
        assertThat(map.remove(some, entries.get(some))).as("again").isFalse();
    }

    @Test
    void whatWasUsedSinceItWasSeenStays() {
        NatMap map = new NatMap(spec, object.map("nat4"));
        Random random = new Random(22);
        NatKey key = key("nat4", 1, random);
        NatEntry seen = entry("nat4", 5, random);
        NatEntry used = new NatEntry(seen.created(), 6, seen.to(), seen.port(), seen.host());
        map.write(key, used);
        assertThat(map.remove(key, seen)).isFalse();
        assertThat(map.find(key)).contains(used);
    }

    @Test
    void fieldsAreWhereTheProgramsHaveThem() {
        new NatMap(spec, object.map("nat4"))
                .write(
                        new NatKey(Ip.parse("10.0.0.1"), Ip.parse("1.1.1.1"), 0x1234, 443, 6, Direction.IN),
                        new NatEntry(1, 2, Ip.parse("192.168.2.31"), 0x8001, true));
        StructCodec key = spec.struct("nat_key4");
        StructCodec value = spec.struct("nat_entry4");
        object.map("nat4").read(value.size(), 16, (keys, values, count) -> {
            if (count == 0) {
                return;
            }
            assertThat(key.at(keys, 0).getBytes("src")).containsExactly(10, 0, 0, 1);
            assertThat(key.at(keys, 0).getBytes("dst")).containsExactly(1, 1, 1, 1);
            assertThat(key.at(keys, 0).getBytes("sport")).containsExactly(0x12, 0x34);
            assertThat(key.at(keys, 0).getBytes("dport")).containsExactly(0x01, 0xbb);
            assertThat(key.at(keys, 0).getBytes("direction")).containsExactly(1);
            assertThat(value.at(values, 0).getLong("created")).isEqualTo(1);
            assertThat(value.at(values, 0).getLong("used")).isEqualTo(2);
            assertThat(value.at(values, 0).getBytes("addr")).containsExactly(192, 168, 2, 31);
            assertThat(value.at(values, 0).getBytes("port")).containsExactly(0x80, 0x01);
            assertThat(values.getShort(value.fields().get("flags").offset())).isEqualTo((short) 1);
        });
    }

    @Test
    void anEntryOfNonsenseHidesNoOtherAndGoes() {
        BpfMap bpf = object.map("nat4");
        NatMap map = new NatMap(spec, bpf);
        Random random = new Random(23);
        NatKey key = key("nat4", 1, random);
        NatEntry entry = entry("nat4", 5, random);
        map.write(key, entry);
        byte[] nonsense = new byte[bpf.spec().keySize()];
        java.util.Arrays.fill(nonsense, (byte) 0x7f);
        bpf.updateOne(
                Bpf.buffer(nonsense.length).put(0, nonsense),
                Bpf.buffer(bpf.spec().valueSize()));
        assertThat(read(map, Long.MAX_VALUE)).isEqualTo(Map.of(key, entry));
        assertThat(map.read(Long.MAX_VALUE, (k, e) -> {})).isEqualTo(1);
    }

    @Test
    void anAddressOfTheOtherFamilyIsRefused() {
        NatMap map = new NatMap(spec, object.map("nat4"));
        NatKey key = key("nat6", 1, new Random(24));
        assertThatThrownBy(() -> map.find(key))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(key.src().toString())
                .hasMessageContaining("expected: 4 bytes");
        assertThat(map.find(key("nat4", 1, new Random(24)))).isEqualTo(Optional.empty());
    }

    private static Map<NatKey, NatEntry> read(NatMap map, long usedBefore) {
        Map<NatKey, NatEntry> entries = new HashMap<>();
        map.read(usedBefore, entries::put);
        return entries;
    }

    private static NatKey key(String map, int number, Random random) {
        return new NatKey(
                map.equals("nat4") ? Ip.v4(number + 1) : Ip.v6(0xfd00L << 48, number),
                ip(map, random),
                random.nextInt(65536),
                random.nextInt(65536),
                random.nextInt(256),
                random.nextBoolean() ? Direction.OUT : Direction.IN);
    }

    private static NatEntry entry(String map, long used, Random random) {
        return new NatEntry(random.nextLong(), used, ip(map, random), random.nextInt(65536), random.nextBoolean());
    }

    private static Ip ip(String map, Random random) {
        return map.equals("nat4") ? Ip.v4(random.nextInt()) : Ip.v6(random.nextLong(), random.nextLong());
    }
}
