package io.fairlead.node.datapath;

import static io.fairlead.node.datapath.DatapathKeysTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.node.kernel.bpf.BpfSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MapPlanTest {
    private static final long GIB = 1L << 30;
    private final BpfSpec spec = BpfSpec.datapath();

    @Test
    void withoutARatioSizesAreFixed() {
        assertThat(plan(16 * GIB, 2, true, "--bpf-map-dynamic-size-ratio=0"))
                .containsEntry("ct4_tcp", 524288)
                .containsEntry("ct4_any", 262144)
                .containsEntry("ct6_tcp", 524288)
                .containsEntry("ct6_any", 262144)
                .containsEntry("nat4", 524288)
                .containsEntry("nat6", 524288)
                .containsEntry("policies", 64 * 16384)
                .containsEntry("fragments", 8192);
    }

    @Test
    void withARatioSizesFollowTheMemoryWithinCiliumsLimits() {
        assertThat(plan(GIB, 2, false))
                .containsEntry("ct4_tcp", 131072)
                .containsEntry("ct4_any", 65536)
                .containsEntry("nat4", 131072);
        Map<String, Integer> large = plan(256 * GIB, 2, false);
        assertThat(large.get("ct4_tcp")).isBetween(1_000_000, 4_000_000);
        assertThat(large.get("ct4_tcp"))
                .isEqualTo(large.get("nat4"))
                .isBetween(2 * large.get("ct4_any"), 2 * large.get("ct4_any") + 1);
        assertThat(plan(1 << 20, 2, true, "--bpf-map-dynamic-size-ratio=1")).containsEntry("ct4_tcp", 131072);
        assertThat(plan(1L << 50, 2, true)).containsEntry("ct4_tcp", 1 << 24);
    }

    @Test
    void theMemoryUsedIsTheShareThatWasAskedFor() {
        Map<String, Integer> sizes = plan(64 * GIB, 2, true, "--bpf-map-dynamic-size-ratio=0.05");
        long bytes = 0;
        for (String map : new String[] {"ct4_tcp", "ct4_any", "ct6_tcp", "ct6_any", "nat4", "nat6"}) {
            bytes += (long) sizes.get(map)
                    * (spec.map(map).keySize() + spec.map(map).valueSize() + 64);
        }
        assertThat((double) bytes / (64 * GIB)).isBetween(0.0499, 0.0501);
    }

    @Test
    void whatIsConfiguredWinsAndAFamilyThatIsNotThereTakesNothing() {
        assertThat(plan(
                        64 * GIB,
                        2,
                        false,
                        "--bpf-ct-global-tcp-max=2000",
                        "--bpf-ct-global-any-max=3000",
                        "--bpf-nat-global-max=4000",
                        "--bpf-policy-map-max=300",
                        "--bpf-fragments-map-max=400"))
                .containsEntry("ct4_tcp", 2000)
                .containsEntry("ct4_any", 3000)
                .containsEntry("nat4", 4000)
                .containsEntry("ct6_tcp", 1024)
                .containsEntry("ct6_any", 1024)
                .containsEntry("nat6", 1024)
                .containsEntry("policies", 64 * 300)
                .containsEntry("fragments", 400);
    }

    @Test
    void theEventRingHas64PagesAProcessorAndAPowerOfTwo() {
        assertThat(plan(GIB, 1, false)).containsEntry("events", 64 * 4096);
        assertThat(plan(GIB, 2, false)).containsEntry("events", 128 * 4096);
        assertThat(plan(GIB, 3, false)).containsEntry("events", 256 * 4096);
        assertThat(plan(GIB, 128, false)).containsEntry("events", 128 * 64 * 4096);
        assertThat(plan(GIB, 8192, false)).containsEntry("events", 1 << 30);
    }

    @Test
    void memoryIsWhatTheKernelSays(@TempDir Path directory) throws IOException {
        Path meminfo = directory.resolve("meminfo");
        Files.writeString(meminfo, "MemTotal:       16000000 kB\nMemFree: 1 kB\n");
        assertThat(MapPlan.memory(meminfo)).isEqualTo(16_384_000_000L);
        Files.writeString(meminfo, "MemFree: 1 kB\n");
        assertThatThrownBy(() -> MapPlan.memory(meminfo)).hasMessageContaining("no MemTotal");
        assertThat(MapPlan.memory(Path.of("/proc/meminfo"))).isPositive();
    }

    private Map<String, Integer> plan(long memory, int processors, boolean ipv6, String... arguments) {
        return MapPlan.of(spec, read(arguments).maps(), memory, processors, ipv6)
                .entries();
    }
}
