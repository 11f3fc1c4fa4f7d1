package io.fairlead.node.datapath;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.MasqueradeAddress;
import io.fairlead.node.kernel.NoMasquerade;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.reconcile.Ground;
import io.fairlead.node.status.Controllers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MasqueradeGroundTest {
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            new ClusterName("default"),
            Ip.parse("192.168.2.31"),
            List.of(Cidr.parse("10.244.1.0/24")),
            List.of(Ip.parse("10.244.1.1")));
    private static final Cidr TEN = Cidr.parse("10.0.0.0/8");

    private final List<String> order = new ArrayList<>();
    private final FakeTable<Integer, MasqueradeAddress> addresses = new FakeTable<>("address");
    private final FakeTable<Cidr, NoMasquerade> excluded = new FakeTable<>("excluded");
    private final Controllers controllers = new Controllers(Clock.systemUTC());
    private Ground.Look inner = look(Map.of("ens33", 2));
    private List<Addr> nodeAddresses = List.of(new Addr(2, Ip.parse("192.168.2.31"), 24, Addr.GLOBAL, 0));

    @TempDir
    Path directory;

    @Test
    void exclusionsAreWrittenBeforeAddressesAndDriftIsPutRight() {
        MasqueradeGround ground = ground(Optional.empty());
        assertThat(ground.look(DesiredState.NOTHING)).isEqualTo(inner);
        assertThat(order).containsExactly("excluded", "address");
        assertThat(excluded.entries).isEqualTo(Map.of(TEN, NoMasquerade.NATIVE));
        assertThat(addresses.entries).containsOnlyKeys(2);

        excluded.entries.put(Cidr.parse("0.0.0.0/0"), NoMasquerade.AGENT);
        addresses.entries.clear();
        ground.look(DesiredState.NOTHING);
        assertThat(excluded.entries).containsOnlyKeys(TEN);
        assertThat(addresses.entries).containsOnlyKeys(2);
    }

    @Test
    void devicesAndAddressesAreFollowed() {
        MasqueradeGround ground = ground(Optional.empty());
        ground.look(DesiredState.NOTHING);
        inner = look(Map.of("ens33", 2, "ens34", 3));
        nodeAddresses = List.of(
                new Addr(2, Ip.parse("192.168.2.99"), 24, Addr.GLOBAL, 0),
                new Addr(3, Ip.parse("192.168.3.31"), 24, Addr.GLOBAL, 0));
        ground.look(DesiredState.NOTHING);
        assertThat(addresses.entries.get(2).ipv4()).contains(Ip.parse("192.168.2.99"));
        assertThat(addresses.entries.get(3).ipv4()).contains(Ip.parse("192.168.3.31"));
        inner = look(Map.of());
        ground.look(DesiredState.NOTHING);
        assertThat(addresses.entries).isEmpty();
    }

    @Test
    void whatTheKernelRefusesIsAProblemOfTheGround() {
        excluded.refuses = true;
        assertThat(ground(Optional.empty()).look(DesiredState.NOTHING).problems())
                .singleElement()
                .asString()
                .contains("10.0.0.0/8", "full");
    }

    @Test
    void theAgentsFileIsReadAgainWhenItChangesAndABrokenOneIsAFailedController() throws IOException {
        Path path = directory.resolve("ip-masq-agent");
        Files.writeString(path, "nonMasqueradeCIDRs: [1.0.0.0/8]\nmasqLinkLocal: true\nmasqLinkLocalIPv6: true\n");
        MasqueradeGround ground = ground(
                Optional.of(new MasqueradeGround.AgentFile(new MasqAgentFile(path), controllers.get("ip-masq-agent"))));
        ground.look(DesiredState.NOTHING);
        assertThat(excluded.entries)
                .isEqualTo(Map.of(TEN, NoMasquerade.NATIVE, Cidr.parse("1.0.0.0/8"), NoMasquerade.AGENT));
        Files.writeString(path, "nonMasqueradeCIDRs: {");
        ground.look(DesiredState.NOTHING);
        assertThat(excluded.entries).containsKey(Cidr.parse("1.0.0.0/8"));
        assertThat(controllers.get("ip-masq-agent").state().lastError()).contains("ip-masq-agent file");
        Files.writeString(path, "nonMasqueradeCIDRs: [2.0.0.0/8]\nmasqLinkLocal: true\nmasqLinkLocalIPv6: true\n");
        ground.look(DesiredState.NOTHING);
        assertThat(excluded.entries).containsOnlyKeys(TEN, Cidr.parse("2.0.0.0/8"));
        assertThat(controllers.get("ip-masq-agent").state().consecutiveFailures())
                .isZero();
    }

    private MasqueradeGround ground(Optional<MasqueradeGround.AgentFile> agent) {
        return new MasqueradeGround(
                state -> inner,
                NODE,
                new DatapathMode.Masquerade(true, false, agent.isPresent(), List.of(TEN)),
                () -> nodeAddresses,
                new MasqueradeTables(addresses, excluded),
                agent);
    }

    private static Ground.Look look(Map<String, Integer> devices) {
        return new Ground.Look(devices, Set.of(), 0, List.of());
    }

    private final class FakeTable<K, V> implements KernelTable<K, V> {
        private final String name;
        private final Map<K, V> entries = new HashMap<>();
        private boolean refuses;

        FakeTable(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Map<K, V> load() {
            return Map.copyOf(entries);
        }

        @Override
        public Map<K, KernelException> upsert(Map<K, V> wanted) {
            Map<K, KernelException> failures = new HashMap<>();
            if (!wanted.isEmpty()) {
                order.add(name);
            }
            wanted.forEach((key, value) -> {
                if (refuses) {
                    failures.put(key, new KernelException("update", 7, "full", FailureKind.RETRY));
                } else {
                    entries.put(key, value);
                }
            });
            return failures;
        }

        @Override
        public Map<K, KernelException> delete(Collection<K> keys) {
            List.copyOf(keys).forEach(entries::remove);
            return Map.of();
        }
    }
}
