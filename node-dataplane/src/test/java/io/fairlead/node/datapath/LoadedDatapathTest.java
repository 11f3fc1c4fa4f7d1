package io.fairlead.node.datapath;

import static io.fairlead.node.datapath.DatapathKeysTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.bpf.SettingsMap;
import io.fairlead.node.kernel.bpf.SettingsMap.Aggregation;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.reconcile.TableId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("root")
class LoadedDatapathTest {
    private static final String NATIVE = "--native-routing-cidr=10.0.0.0/8";
    private static final Hook HOOK = new Hook("lxc1", Direction.INGRESS);

    @TempDir
    Path directory;

    private Path pins;

    @BeforeEach
    void mount() throws Exception {
        pins = Files.createDirectory(directory.resolve("bpf"));
        run("mount", "-t", "bpf", "bpf", pins.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", pins.toString());
    }

    @Test
    void settingsReachTheKernelAndStayWhereNothingChanged() throws IOException {
        String[] arguments = {
            NATIVE, "--enable-bpf-masquerade=true", "--monitor-aggregation=medium", "--monitor-aggregation-interval=7s"
        };
        try (LoadedDatapath loaded = load(false, arguments)) {
            assertThat(loaded.mode().hostRouting()).isEqualTo(DatapathMode.HostRouting.BPF);
            assertThat(new SettingsMap(loaded.spec(), loaded.object().map("settings")).read())
                    .isEqualTo(new SettingsMap.Settings(Set.of(), Aggregation.MEDIUM, Duration.ofSeconds(7), 7));
            try (LoadedDatapath again = load(false, arguments)) {
                assertThat(again.object().upgrade().isEmpty()).isTrue();
                assertThat(again.hostEndpoint()).isEqualTo(loaded.hostEndpoint());
            }
        }
    }

    @Test
    void aNodeWithIpv6NeedsItsNativeCidr() {
        assertThatThrownBy(() -> load(true, NATIVE)).hasMessageContaining("--ipv6-native-routing-cidr");
    }

    @Test
    void programsStayUntilTablesOfAnotherSizeAreFilled() throws IOException {
        load(false, NATIVE, "--bpf-policy-map-max=256").close();
        FakeLinks hooks = new FakeLinks();
        hooks.entries.put(HOOK, new Attachment(7, 1));
        try (LoadedDatapath loaded = load(false, NATIVE, "--bpf-ct-global-tcp-max=2048", "--bpf-policy-map-max=512")) {
            assertThat(loaded.object().upgrade().maps()).containsExactlyInAnyOrder("ct4_tcp", "policies");
            UpgradedLinks links = new UpgradedLinks(hooks, loaded.object().upgrade());
            Hook fresh = new Hook("lxc2", Direction.INGRESS);
            Map<Hook, KernelException> failures =
                    links.upsert(Map.of(HOOK, new Attachment(7, 2), fresh, new Attachment(8, 2)));
            assertThat(failures).containsOnlyKeys(HOOK);
            assertThat(hooks.entries)
                    .as("what carried nothing yet is not held")
                    .isEqualTo(Map.of(HOOK, new Attachment(7, 1), fresh, new Attachment(8, 2)));
            links.release();
            assertThat(hooks.entries.get(HOOK)).isEqualTo(new Attachment(7, 2));
            assertThat(links.upsert(Map.of(HOOK, new Attachment(7, 3)))).isEmpty();
            links.release();
        }
        try (LoadedDatapath again = load(false, NATIVE, "--bpf-ct-global-tcp-max=2048", "--bpf-policy-map-max=512")) {
            assertThat(again.object().upgrade().isEmpty()).isTrue();
        }
    }

    @Test
    void aHookThatGoesIsNoLongerHeld() throws IOException {
        load(false, NATIVE, "--bpf-ct-global-tcp-max=1024").close();
        FakeLinks hooks = new FakeLinks();
        hooks.entries.put(HOOK, new Attachment(7, 1));
        try (LoadedDatapath loaded = load(false, NATIVE, "--bpf-ct-global-tcp-max=2048")) {
            UpgradedLinks links = new UpgradedLinks(hooks, loaded.object().upgrade());
            links.upsert(Map.of(HOOK, new Attachment(7, 2)));
            links.delete(Set.of(HOOK));
            links.release();
            assertThat(hooks.entries).isEmpty();
        }
    }

    @Test
    void tablesAreFilledWhenTheirSourcesHaveSpokenAndNothingFailed() throws IOException {
        try (LoadedDatapath loaded = load(false, NATIVE)) {
            UpgradedLinks links =
                    new UpgradedLinks(new FakeLinks(), loaded.object().upgrade());
            assertThat(links.isReleased()).as("nothing to wait for").isTrue();
            Release release = new Release(links, Set.of("ipcache", "ct4_tcp"));
            DesiredState pods = DesiredState.NOTHING.withPods(Map.of());
            DesiredState all = pods.withPeers(Map.of(), Map.of());
            assertThat(release.isFilled(DesiredState.NOTHING, Report.NONE)).isFalse();
            assertThat(release.isFilled(pods, Report.NONE)).isFalse();
            assertThat(release.isFilled(all, Report.NONE)).isTrue();
            assertThat(release.isFilled(all, failing(TableId.IPCACHE))).isFalse();
            assertThat(release.isFilled(all, failing(TableId.ROUTES))).isTrue();
            assertThat(new Release(links, Set.of("ct4_tcp")).isFilled(pods, Report.NONE))
                    .as("connections need nobody's word")
                    .isTrue();
        }
    }

    private static Report failing(TableId table) {
        return new Report(Map.of(table, Map.of("key", "full")), Map.of(), Map.of(), 0, List.of(), Optional.empty());
    }

    private LoadedDatapath load(boolean ipv6, String... arguments) throws IOException {
        LocalNode node = new LocalNode(
                new NodeName("dev1"),
                new ClusterName("default"),
                Ip.parse("192.168.2.31"),
                ipv6
                        ? List.of(Cidr.parse("10.244.1.0/24"), Cidr.parse("fd00:1::/64"))
                        : List.of(Cidr.parse("10.244.1.0/24")),
                ipv6 ? List.of(Ip.parse("10.244.1.1"), Ip.parse("fd00:1::1")) : List.of(Ip.parse("10.244.1.1")));
        return LoadedDatapath.load(
                read(arguments), new LoadedDatapath.Place(node, 1, new Mac(0x020000000001L), true), directory, pins);
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    private static final class FakeLinks implements KernelTable<Hook, Attachment> {
        private final Map<Hook, Attachment> entries = new HashMap<>();

        @Override
        public String name() {
            return "links";
        }

        @Override
        public Map<Hook, Attachment> load() {
            return Map.copyOf(entries);
        }

        @Override
        public Map<Hook, KernelException> upsert(Map<Hook, Attachment> wanted) {
            entries.putAll(wanted);
            return Map.of();
        }

        @Override
        public Map<Hook, KernelException> delete(Collection<Hook> hooks) {
            entries.keySet().removeAll(hooks);
            return Map.of();
        }
    }
}
