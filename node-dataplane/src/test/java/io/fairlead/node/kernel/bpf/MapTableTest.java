package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.MasqueradeAddress;
import io.fairlead.node.kernel.NoMasquerade;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("root")
class MapTableTest {
    static final DatapathConfig CONFIG = new DatapathConfig(
            Optional.of(Ip.parse("10.244.1.1")), Optional.of(Ip.parse("fd00:1::1")), 1, new Mac(0x020000000001L));

    private final BpfSpec spec = BpfSpec.datapath();
    private final Path root = Namespace.mountBpf();
    private BpfObject object;

    @BeforeEach
    void load() {
        object = BpfObject.load(spec, CONFIG, root);
    }

    @AfterEach
    void unload() {
        object.close();
        Namespace.unmount(root);
    }

    @Test
    void endpointsComeBackAsTheyWereWritten() {
        EndpointMap table = new EndpointMap(spec, object.map("endpoints"));
        Random random = new Random(7);
        Map<Ip, LocalEndpoint> entries = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            Ip ip = i % 2 == 0 ? Ip.v4(0x0a000000 + i) : Ip.v6(0xfd00_0000_0000_0000L, i);
            entries.put(ip, endpoint(random));
        }
        assertThat(table.upsert(entries)).isEmpty();
        assertThat(table.load()).isEqualTo(entries);

        List<Ip> gone = entries.keySet().stream().limit(12_345).toList();
        List<Ip> asked = new ArrayList<>(gone);
        asked.add(100, Ip.parse("192.0.2.1"));
        assertThat(table.delete(asked))
                .as("one that is not there is no failure")
                .isEmpty();
        gone.forEach(entries::remove);
        assertThat(table.load()).isEqualTo(entries);
        assertThat(table.delete(gone)).as("again").isEmpty();
    }

    @Test
    void anEntryOfNonsenseHidesNoOtherAndGoes() {
        BpfMap map = object.map("ipcache");
        IpcacheMap table = new IpcacheMap(spec, map, object.map("generation"));
        Map<Cidr, IpcacheEntry> entries =
                Map.of(Cidr.parse("10.0.0.1/32"), new IpcacheEntry(IdentityId.HOST, Optional.empty()));
        table.upsert(entries);
        byte[] nonsense = new byte[map.spec().keySize()];
        java.util.Arrays.fill(nonsense, (byte) 0x7f);
        // the length of a prefix comes first in the key of a trie
        nonsense[0] = 8;
        nonsense[1] = 0;
        nonsense[2] = 0;
        nonsense[3] = 0;
        map.updateOne(
                Bpf.buffer(nonsense.length).put(0, nonsense),
                Bpf.buffer(map.spec().valueSize()));

        assertThat(table.load()).isEqualTo(entries);
        List<Integer> left = new ArrayList<>();
        map.read(map.spec().valueSize(), 16, (keys, values, count) -> left.add(count));
        assertThat(left.stream().mapToInt(i -> i).sum()).isEqualTo(1);
    }

    @Test
    void ipcacheHoldsPrefixesOfBothFamilies() {
        IpcacheMap table = new IpcacheMap(spec, object.map("ipcache"), object.map("generation"));
        Map<Cidr, IpcacheEntry> entries = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            Cidr cidr = i % 2 == 0 ? Ip.v4(0x0a000000 + i).toCidr() : new Cidr(Ip.v6(0xfd00L << 48 | i, 0), 64);
            entries.put(cidr, new IpcacheEntry(new IdentityId(256 + i), Optional.of(Ip.v4(i + 1))));
        }
        entries.put(Cidr.parse("0.0.0.0/0"), new IpcacheEntry(IdentityId.WORLD, Optional.empty()));
        entries.put(Cidr.parse("::/0"), new IpcacheEntry(IdentityId.WORLD, Optional.of(Ip.parse("fd00::5"))));
        assertThat(table.upsert(entries)).isEmpty();
        assertThat(table.load()).isEqualTo(entries);
        assertThat(table.delete(entries.keySet())).isEmpty();
        assertThat(table.load()).isEmpty();
    }

    @Test
    void interfacesKeepWhichFamiliesThereAre() {
        InterfaceMap table = new InterfaceMap(spec, object.map("interfaces"));
        Map<Integer, PodInterface> entries = Map.of(
                5, pod(Optional.of(Ip.parse("10.0.0.5")), Optional.empty()),
                6, pod(Optional.empty(), Optional.of(Ip.parse("fd00::6"))),
                7, pod(Optional.of(Ip.parse("10.0.0.7")), Optional.of(Ip.parse("fd00::7"))));
        assertThat(table.upsert(entries)).isEmpty();
        assertThat(table.load()).isEqualTo(entries);
    }

    @Test
    void whatDoesNotFitIsNamedAndTheRestIsThere() {
        EndpointMap table = new EndpointMap(spec, object.map("endpoints"));
        Map<Ip, LocalEndpoint> entries = new HashMap<>();
        Random random = new Random(3);
        int room = spec.map("endpoints").maxEntries();
        for (int i = 0; i < room + 3; i++) {
            entries.put(Ip.v4(i + 1), endpoint(random));
        }
        Map<Ip, KernelException> failures = table.upsert(entries);
        assertThat(failures).hasSize(3);
        assertThat(failures.values().iterator().next()).hasMessageContaining("E2BIG");
        failures.keySet().forEach(entries::remove);
        assertThat(table.load()).isEqualTo(entries);
    }

    @Test
    void entriesOutliveTheObjectThatWroteThem() {
        new EndpointMap(spec, object.map("endpoints")).upsert(Map.of(Ip.parse("10.0.0.1"), endpoint(new Random(1))));
        object.close();
        object = BpfObject.load(spec, CONFIG, root);
        assertThat(new EndpointMap(spec, object.map("endpoints")).load()).containsKey(Ip.parse("10.0.0.1"));
        try (BpfMap alone = BpfMap.open(spec, root, "endpoints")) {
            assertThat(new EndpointMap(spec, alone).load()).containsKey(Ip.parse("10.0.0.1"));
        }
    }

    @Test
    void besidePinnedMapsOfAnotherLayoutNewOnesAreMadeWhichTakeThePinsWhenAsked() throws Exception {
        object.close();
        Files.delete(root.resolve("endpoints"));
        Namespace.sh("bpftool map create " + root.resolve("endpoints")
                + " type hash key 8 value 28 entries 65536 name endpoints");
        assertThatThrownBy(() -> BpfMap.open(spec, root, "endpoints"))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining(root.resolve("endpoints").toString())
                .hasMessageContaining("key 8 bytes")
                .hasMessageContaining("expected: type 1, key 20 bytes");
        object = BpfObject.load(spec, CONFIG, root);
        assertThat(object.upgrade().maps()).containsExactly("endpoints");
        new EndpointMap(spec, object.map("endpoints")).upsert(Map.of(Ip.parse("10.0.0.1"), endpoint(new Random(1))));
        assertThatThrownBy(() -> BpfMap.open(spec, root, "endpoints")).hasMessageContaining("key 8 bytes");

        // what an agent left that died while it moved the pins
        Namespace.sh("bpftool map create " + root.resolve("endpoints+new")
                + " type hash key 8 value 28 entries 1 name endpoints");
        object.upgrade().takePins();
        try (BpfMap now = BpfMap.open(spec, root, "endpoints")) {
            assertThat(new EndpointMap(spec, now).load()).containsOnlyKeys(Ip.parse("10.0.0.1"));
        }
        assertThat(root.resolve("endpoints+new")).doesNotExist();
        object.close();
        object = BpfObject.load(spec, CONFIG, root);
        assertThat(object.upgrade().isEmpty()).isTrue();
    }

    @Test
    void aMapOfAnotherSizeKeepsItsEntriesAndReadersNeedNotKnowTheSize() {
        Map<Ip, LocalEndpoint> entries = new HashMap<>();
        Random random = new Random(5);
        for (int i = 1; i <= 9000; i++) {
            entries.put(Ip.v4(i), endpoint(random));
        }
        new EndpointMap(spec, object.map("endpoints")).upsert(entries);
        object.close();
        object = BpfObject.load(spec, CONFIG, new MapSizes(Map.of("endpoints", 10000, "ct4_tcp", 2048)), root);
        assertThat(object.upgrade().maps()).containsExactlyInAnyOrder("endpoints", "ct4_tcp");
        assertThat(new EndpointMap(spec, object.map("endpoints")).load()).isEqualTo(entries);
        object.upgrade().takePins();
        try (BpfMap alone = BpfMap.open(spec, root, "endpoints")) {
            assertThat(alone.spec().maxEntries()).isEqualTo(10000);
            assertThat(new EndpointMap(spec, alone).load()).isEqualTo(entries);
        }
        object.close();
        object = BpfObject.load(spec, CONFIG, new MapSizes(Map.of("endpoints", 10, "ct4_tcp", 2048)), root);
        assertThat(object.upgrade().maps()).containsExactly("endpoints");
        assertThat(new EndpointMap(spec, object.map("endpoints")).load())
                .as("what fits")
                .hasSize(10);
    }

    @Test
    void connectionsMoveToTheNewTableUntilTheProgramsDo() {
        BpfMap before = object.map("ct4_any");
        insert(before, 1, 100);
        insert(before, 2, 100);
        BpfObject old = object;
        object = BpfObject.load(spec, CONFIG, new MapSizes(Map.of("ct4_any", 4096)), root);
        BpfMap now = object.map("ct4_any");
        assertThat(packets(now)).isEqualTo(Map.of(1, 100L, 2, 100L));
        insert(before, 1, 101);
        insert(before, 3, 1);
        object.upgrade().carryOver();
        assertThat(packets(now)).isEqualTo(Map.of(1, 101L, 2, 100L, 3, 1L));
        insert(now, 3, 7);
        insert(before, 3, 2);
        insert(before, 4, 1);
        object.upgrade().catchUp();
        assertThat(packets(now)).isEqualTo(Map.of(1, 101L, 2, 100L, 3, 7L, 4, 1L));
        object.upgrade().close();
        old.close();
    }

    private void insert(BpfMap map, int connection, long packets) {
        StructCodec.Value key = spec.struct("ct_key4").allocate().putInt("first", connection);
        StructCodec.Value value = spec.struct("ct_entry").allocate();
        value.buffer().putLong(spec.struct("ct_entry").fields().get("packets").offset(), packets);
        map.updateOne(key.buffer(), value.buffer());
    }

    private Map<Integer, Long> packets(BpfMap map) {
        StructCodec key = spec.struct("ct_key4");
        StructCodec value = spec.struct("ct_entry");
        Map<Integer, Long> found = new HashMap<>();
        map.read(value.size(), 16, (keys, values, count) -> {
            for (int i = 0; i < count; i++) {
                found.put(
                        key.at(keys, i * key.size()).getInt("first"),
                        values.getLong(
                                i * value.size() + value.fields().get("packets").offset()));
            }
        });
        return found;
    }

    @Test
    void sizesOfMapsThatAreNotThereOrNoneAreRefused() {
        assertThatThrownBy(() -> BpfObject.load(spec, CONFIG, new MapSizes(Map.of("nothing", 1)), root))
                .hasMessageContaining("map: nothing (expected: one of");
        assertThatThrownBy(() -> new MapSizes(Map.of("endpoints", 0)))
                .hasMessage("size of map endpoints: 0 (expected: positive)");
    }

    @Test
    void whatLibbpfSaidIsInTheException() {
        Path nowhere = Path.of("/tmp");
        assertThatThrownBy(() -> BpfObject.load(spec, CONFIG, nowhere))
                .isInstanceOf(KernelException.class)
                .hasMessageStartingWith("load datapath: ")
                .hasMessageContaining("lines)");
    }

    @Test
    void policiesOfEveryLengthComeBackAsWritten() {
        PolicyMap policies = new PolicyMap(spec, object.map("policies"));
        Map<PolicyKey, PolicyEntry> entries = new HashMap<>();
        entries.put(new PolicyKey(1, true, 0, 0, 0, 0), new PolicyEntry(false, 1));
        entries.put(new PolicyKey(1, false, 0, 0, 0, 0), new PolicyEntry(true, 2));
        entries.put(new PolicyKey(1, true, -1, 6, 0, 0), new PolicyEntry(false, 3));
        for (int bits = 1; bits <= 16; bits++) {
            entries.put(
                    new PolicyKey(2, true, 300, 17, (0xffff << (16 - bits)) & 0xffff, bits),
                    new PolicyEntry(bits % 2 == 0, bits));
        }
        assertThat(policies.upsert(entries)).isEmpty();
        assertThat(policies.load()).isEqualTo(entries);
        assertThat(policies.delete(entries.keySet())).isEmpty();
        assertThat(policies.load()).isEmpty();
    }

    @Test
    void masqueradeAddressesAndExclusionsComeBackAsWritten() {
        MasqueradeMap addresses = new MasqueradeMap(spec, object.map("masquerade"));
        Map<Integer, MasqueradeAddress> wanted = Map.of(
                3, new MasqueradeAddress(Optional.of(Ip.parse("192.168.2.31")), Optional.empty()),
                4, new MasqueradeAddress(Optional.empty(), Optional.of(Ip.parse("fd00::31"))));
        assertThat(addresses.upsert(wanted)).isEmpty();
        assertThat(addresses.load()).isEqualTo(wanted);
        NoMasqueradeMap exclusions = new NoMasqueradeMap(spec, object.map("no_masquerade"));
        Map<Cidr, NoMasquerade> excluded =
                Map.of(Cidr.parse("10.0.0.0/8"), NoMasquerade.NATIVE, Cidr.parse("fd00::/8"), NoMasquerade.AGENT);
        assertThat(exclusions.upsert(excluded)).isEmpty();
        assertThat(exclusions.load()).isEqualTo(excluded);
    }

    private static LocalEndpoint endpoint(Random random) {
        return new LocalEndpoint(
                random.nextInt(1 << 20),
                random.nextInt(65536),
                random.nextBoolean(),
                new IdentityId(random.nextInt()),
                new PolicyRef(random.nextInt(), random.nextBoolean(), random.nextBoolean(), random.nextBoolean()),
                new Mac(random.nextLong() >>> 16),
                new Mac(random.nextLong() >>> 16));
    }

    private static PodInterface pod(Optional<Ip> ipv4, Optional<Ip> ipv6) {
        return new PodInterface(
                9,
                new IdentityId(300),
                ipv4,
                ipv6,
                new PolicyRef(7, true, false, true),
                new Mac(0x020000000002L),
                new Mac(3));
    }
}
