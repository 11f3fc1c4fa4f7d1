package io.fairlead.node.datapath;

import io.fairlead.node.kernel.bpf.BpfSpec;
import io.fairlead.node.kernel.bpf.BpfSpec.MapSpec;
import io.fairlead.node.kernel.bpf.MapSizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How large the maps of a node are: what was configured, else a share of the machine's memory as in Cilium. */
final class MapPlan {
    /** What the kernel keeps beside key and value of an entry of an LRU hash, in bytes. */
    private static final int OVERHEAD = 64;
    /** Policies of full size that fit into the map all endpoints share. */
    private static final int POLICIES = 64;

    private static final int EVENT_PAGES = 64;
    private static final int PAGE = 4096;
    private static final int MOST = 1 << 24;
    /** Of maps of a family the node does not have. */
    private static final int UNUSED = 1 << 10;

    /**
     * A kind of connection state.
     *
     * @param maps its maps' names, IPv4's then IPv6's
     * @param configured entries, when they are
     * @param fewest entries by memory
     */
    private record Kind(List<String> maps, Optional<Integer> configured, int fewest) {}

    private MapPlan() {}

    /**
     * Sizes of the maps that are not as the C declares them.
     *
     * @param memory of the machine, in bytes
     * @param processors that may ever be there
     * @param ipv6 whether the node has IPv6
     */
    static MapSizes of(BpfSpec spec, DatapathSettings.Maps maps, long memory, int processors, boolean ipv6) {
        List<Kind> kinds = List.of(
                new Kind(List.of("ct4_tcp", "ct6_tcp"), maps.ctTcp(), 1 << 17),
                new Kind(List.of("ct4_any", "ct6_any"), maps.ctAny(), 1 << 16),
                new Kind(List.of("nat4", "nat6"), maps.nat(), 1 << 17));
        long fixed = kinds.stream()
                .flatMap(kind -> kind.maps().stream().limit(ipv6 ? 2 : 1))
                .mapToLong(name -> bytes(spec.map(name)))
                .sum();
        double share = maps.ratio() * memory / fixed;
        Map<String, Integer> sizes = new HashMap<>();
        for (Kind kind : kinds) {
            for (String name : kind.maps()) {
                int declared = spec.map(name).maxEntries();
                boolean unused = !ipv6 && !name.equals(kind.maps().get(0));
                int byMemory =
                        maps.ratio() == 0 ? declared : (int) Math.min(Math.max(declared * share, kind.fewest()), MOST);
                sizes.put(name, unused ? UNUSED : kind.configured().orElse(byMemory));
            }
        }
        sizes.put("policies", maps.policy() * POLICIES);
        sizes.put("fragments", maps.fragments());
        sizes.put("events", powerOfTwo((long) EVENT_PAGES * PAGE * processors));
        return new MapSizes(sizes);
    }

    private static long bytes(MapSpec map) {
        return (long) map.maxEntries() * (map.keySize() + map.valueSize() + OVERHEAD);
    }

    /** The next one, at most 1 GiB. */
    private static int powerOfTwo(long atLeast) {
        long size = Long.highestOneBit(Math.max(1, atLeast - 1)) << 1;
        return (int) Math.min(size, 1 << 30);
    }

    /**
     * Memory of the machine in bytes.
     *
     * @param meminfo /proc/meminfo
     * @throws IllegalArgumentException when it does not say
     */
    static long memory(Path meminfo) throws IOException {
        Matcher total = Pattern.compile("(?m)^MemTotal:\\s+([0-9]{1,15}) kB$").matcher(Files.readString(meminfo));
        if (!total.find()) {
            throw new IllegalArgumentException(meminfo + ": no MemTotal (expected: MemTotal: N kB)");
        }
        return Long.parseLong(total.group(1)) * 1024;
    }
}
