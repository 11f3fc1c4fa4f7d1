package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Java and C agree, seen from the compiled object; needs no privilege. */
class AbiTest {
    private final BpfSpec spec = BpfSpec.datapath();

    @Test
    void everyHookHasItsProgram() {
        assertThat(spec.programs())
                .containsExactly("from_container", "from_host", "from_netdev", "to_container", "to_netdev");
    }

    @Test
    void noSharedStructHasAHole() {
        spec.maps().values().stream()
                .flatMap(map -> Stream.of(map.keyType(), map.valueType()))
                .filter(type -> !type.isEmpty() && !type.startsWith("__"))
                .distinct()
                .forEach(name -> assertThat(spec.struct(name).holes()).as(name).isZero());
        for (String event : Set.of("debug_event", "packet_event")) {
            assertThat(spec.struct(event).holes()).as(event).isZero();
        }
    }

    @Test
    void mapsHaveTheTypesThatTablesAreWrittenFor() {
        Map<String, String> types = spec.maps().entrySet().stream()
                .filter(e -> !e.getValue().valueType().isEmpty())
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        e -> e.getValue().keyType() + " -> " + e.getValue().valueType()));
        assertThat(types)
                .containsOnly(
                        Map.entry("endpoints", "ip_key -> endpoint"),
                        Map.entry("interfaces", "__u32 -> interface"),
                        Map.entry("ipcache", "ipcache_key -> ipcache_entry"),
                        Map.entry("metrics", "__u32 -> metric"),
                        Map.entry("policies", "policy_key -> policy_entry"),
                        Map.entry("ct4_tcp", "ct_key4 -> ct_entry"),
                        Map.entry("ct4_any", "ct_key4 -> ct_entry"),
                        Map.entry("ct6_tcp", "ct_key6 -> ct_entry"),
                        Map.entry("ct6_any", "ct_key6 -> ct_entry"),
                        Map.entry("nat4", "nat_key4 -> nat_entry4"),
                        Map.entry("nat6", "nat_key6 -> nat_entry6"),
                        Map.entry("masquerade", "__u32 -> masquerade_address"),
                        Map.entry("no_masquerade", "ipcache_key -> no_masquerade_entry"),
                        Map.entry("fragments", "fragment_key -> fragment_ports"),
                        Map.entry("settings", "__u32 -> settings"),
                        Map.entry("lost_events", "__u32 -> __u64"),
                        Map.entry("generation", "__u32 -> __u32"),
                        Map.entry("scratch", "__u32 -> scratch"),
                        Map.entry("explained", "__u32 -> explanation"));
    }

    @Test
    void everyFieldTablesUseExistsWithItsSize() {
        assertThat(sizes("ip_key")).isEqualTo(Map.of("addr", 16, "family", 4));
        assertThat(sizes("endpoint"))
                .isEqualTo(Map.of(
                        "lock.val",
                        4,
                        "ifindex",
                        4,
                        "id",
                        4,
                        "identity",
                        4,
                        "flags",
                        4,
                        "policy.id",
                        4,
                        "policy.flags",
                        4,
                        "mac",
                        6,
                        "node_mac",
                        6));
        assertThat(sizes("interface"))
                .isEqualTo(Map.of(
                        "lock.val",
                        4,
                        "id",
                        4,
                        "identity",
                        4,
                        "flags",
                        4,
                        "ipv4",
                        4,
                        "ipv6",
                        16,
                        "policy.id",
                        4,
                        "policy.flags",
                        4,
                        "mac",
                        6,
                        "node_mac",
                        6));
        assertThat(sizes("ipcache_key")).isEqualTo(Map.of("prefixlen", 4, "family", 4, "addr", 16));
        assertThat(sizes("ipcache_entry")).isEqualTo(Map.of("identity", 4, "host.addr", 16, "host.family", 4));
        assertThat(sizes("metric")).isEqualTo(Map.of("packets", 8, "bytes", 8));
        assertThat(sizes("policy_key"))
                .isEqualTo(
                        Map.of("prefixlen", 4, "policy", 4, "identity", 4, "direction", 1, "protocol", 1, "port", 2));
    }

    @Test
    void lpmKeyStartsWithItsPrefixLengthAndEndsWithTheAddress() {
        Map<String, StructCodec.Field> fields = spec.struct("ipcache_key").fields();
        assertThat(fields.get("prefixlen").offset()).isZero();
        assertThat(fields.get("family").offset()).isEqualTo(4);
        assertThat(fields.get("addr").offset()).isEqualTo(8);
    }

    @Test
    void dropReasonsAreTheOnesOfTheC() {
        Map<String, Integer> ours =
                Arrays.stream(DropReason.values()).collect(Collectors.toMap(Enum::name, DropReason::number));
        assertThat(spec.enumeration("drop_reason")).isEqualTo(ours);
    }

    @Test
    void directionsFitFourPlacesAReason() {
        assertThat(spec.enumeration("direction").values()).containsExactlyInAnyOrder(1, 2);
        assertThat(spec.map("metrics").maxEntries()).isEqualTo(4 * 256);
    }

    @Test
    void everyConstantIsSetWithItsSize() {
        DatapathConfig config = new DatapathConfig(
                Optional.of(Ip.parse("10.244.1.1")), Optional.of(Ip.parse("fd00::1")), 7, new Mac(0x020000000001L));
        Map<String, Integer> ours = config.constants().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().length));
        Map<String, Integer> theirs = spec.constants().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().size()));
        assertThat(theirs).isEqualTo(ours);
    }

    @Test
    void kernelHasTheFieldsOfTheSystemCall() {
        KernelTypes kernel = KernelTypes.running();
        assertThat(kernel.linkInfo().fields()).containsKeys("type", "prog_id", "tcx.ifindex");
        assertThat(kernel.mapInfo().fields())
                .containsKeys("type", "key_size", "value_size", "max_entries", "map_flags");
        assertThat(kernel.attributes().fields())
                .containsKeys("test.prog_fd", "test.data_in", "test.ctx_in", "test.duration", "test.retval");
        assertThat(kernel.number("BPF_TCX_INGRESS")).isEqualTo(46);
    }

    @Test
    void unknownNamesAreRefusedByName() {
        assertThatThrownBy(() -> spec.struct("nothing")).hasMessageContaining("no struct nothing");
        assertThatThrownBy(() -> spec.map("nothing")).hasMessageContaining("map: nothing (expected: one of");
        assertThatThrownBy(() -> spec.struct("endpoint").allocate().putInt("mac", 1))
                .hasMessage("endpoint.mac: 6 bytes (expected: 4)");
        assertThatThrownBy(() -> spec.struct("endpoint").allocate().getInt("nothing"))
                .hasMessageStartingWith("endpoint.nothing: no such field");
        assertThatThrownBy(() -> spec.struct("endpoint").allocate().putBytes("mac", new byte[7]))
                .hasMessage("endpoint.mac: 7 bytes (expected: 6 at most)");
    }

    @Test
    void brokenObjectsAreRefusedAndNothingElseHappens() {
        byte[] whole = spec.object();
        assertThatThrownBy(() -> BpfSpec.parse(new byte[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BpfSpec.parse(new byte[100])).isInstanceOf(IllegalArgumentException.class);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            byte[] cut = Arrays.copyOf(whole, random.nextInt(whole.length));
            assertThatThrownBy(() -> BpfSpec.parse(cut))
                    .as("seed %d, %d bytes", seed, cut.length)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void wrongFamiliesAreNoConfiguration() {
        Optional<Ip> four = Optional.of(Ip.parse("10.0.0.1"));
        Optional<Ip> six = Optional.of(Ip.parse("fd00::1"));
        assertThatThrownBy(() -> new DatapathConfig(six, six, 1, new Mac(1))).hasMessageContaining("expected: IPv4");
        assertThatThrownBy(() -> new DatapathConfig(four, four, 1, new Mac(1))).hasMessageContaining("expected: IPv6");
        assertThatThrownBy(() -> new DatapathConfig(four, six, 0, new Mac(1))).hasMessageContaining("ifindex: 0");
    }

    private Map<String, Integer> sizes(String struct) {
        return spec.struct(struct).fields().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().size()));
    }
}
