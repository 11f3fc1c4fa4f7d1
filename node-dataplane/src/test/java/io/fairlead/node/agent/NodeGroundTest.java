package io.fairlead.node.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.TestNetns;
import io.fairlead.node.reconcile.Ground;
import io.fairlead.node.reconcile.Reachability.Result;
import io.fairlead.node.wiring.DirectRoutes;
import io.fairlead.node.wiring.HostDevices;
import io.fairlead.runtime.config.ConfigKeys;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the agent looks after beside its tables: somebody else alters devices, settings and addresses. */
@Tag("root")
class NodeGroundTest {
    private static final Ip ADDRESS = Ip.parse("192.168.2.31");
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            ADDRESS,
            List.of(Cidr.parse("10.244.1.0/24")),
            List.of(Ip.parse("10.244.1.1")));
    private static final Pod POD = new Pod(
            7,
            "lxc7",
            12,
            new IdentityId(300),
            Optional.of(Ip.parse("10.244.1.7")),
            Optional.empty(),
            Mac.parse("02:00:00:00:00:07"),
            Mac.parse("02:00:00:00:01:07"),
            true);
    private static final DesiredState WITH_POD = DesiredState.NOTHING.withPods(Map.of("lxc7", POD));

    private final TestNetns netns = new TestNetns();
    private final Netlink netlink = Netlink.inNamespace(netns.path());

    @BeforeEach
    void wire() {
        netns.addPair("ens33", "far");
        netns.ip("addr flush dev ens33");
        netns.ip("addr add 192.168.2.31/24 dev ens33");
        netns.ip("link set ens33 up");
        netns.ip("link set far up");
    }

    @AfterEach
    void remove() {
        netlink.close();
        netns.close();
    }

    @Test
    void aRemovedPairComesBackAsProgramsKnowIt() {
        HostDevices.End host = ensure();
        NodeGround ground = ground(host);
        assertThat(look(ground, DesiredState.NOTHING).repaired()).isZero();

        netns.ip("link delete fl_host");
        Ground.Look look = look(ground, DesiredState.NOTHING);
        assertThat(look.problems()).isEmpty();
        assertThat(look.repaired()).isPositive();
        assertThat(ensure()).as("same index and address").isEqualTo(host);
        assertThat(netns.ip("addr show fl_host")).contains("10.244.1.1/32", "NOARP");

        netns.ip("link set fl_host address 02:00:00:00:00:99");
        netns.ip("addr del 10.244.1.1/32 dev fl_host");
        assertThat(look(ground, DesiredState.NOTHING).problems()).isEmpty();
        assertThat(ensure()).isEqualTo(host);
        assertThat(netns.ip("addr show fl_host")).contains("10.244.1.1/32");
    }

    @Test
    void aPairThatCannotBeWhatItWasIsSaid() {
        HostDevices.End host = ensure();
        NodeGround ground = ground(host);
        netns.ip("link delete fl_host");
        netns.ip("link add fl_host type veth peer name fl_net");
        assertThat(look(ground, DesiredState.NOTHING).problems())
                .singleElement()
                .asString()
                .contains("fl_host", "restart the agent");
    }

    @Test
    void forwardingTurnedOnForAllIsTurnedOffForPodsAgain() {
        NodeGround ground = ground(ensure());
        netns.addPair("lxc7", "inside");
        look(ground, WITH_POD);
        assertThat(setting("ipv4/conf/lxc7/forwarding")).isEqualTo("0");

        TestNetns.exec("ip", "netns", "exec", netns.name(), "sysctl", "-q", "-w", "net.ipv4.ip_forward=0");
        TestNetns.exec("ip", "netns", "exec", netns.name(), "sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
        assertThat(setting("ipv4/conf/lxc7/forwarding")).isEqualTo("1");
        Ground.Look look = look(ground, WITH_POD);
        assertThat(look.problems()).isEmpty();
        assertThat(look.repaired()).isPositive();
        assertThat(setting("ipv4/conf/lxc7/forwarding")).isEqualTo("0");
        assertThat(setting("ipv4/conf/fl_host/forwarding")).isEqualTo("1");

        netns.ip("link delete lxc7");
        assertThat(look(ground, WITH_POD).problems())
                .as("a device that is gone")
                .isEmpty();
    }

    @Test
    void nativeDevicesAndAddressesAreFollowed() {
        NodeGround ground = ground(ensure());
        Ground.Look before = look(ground, DesiredState.NOTHING);
        assertThat(before.nativeDevices()).containsOnlyKeys("ens33");
        assertThat(before.hostAddresses()).contains(ADDRESS, Ip.parse("10.244.1.1"));

        netns.ip("addr del 192.168.2.31/24 dev ens33");
        Ground.Look without = look(ground, DesiredState.NOTHING);
        assertThat(without.nativeDevices()).as("the last known").isEqualTo(before.nativeDevices());
        assertThat(without.problems()).singleElement().asString().contains("192.168.2.31");
        assertThat(without.hostAddresses()).doesNotContain(ADDRESS);

        netns.ip("link delete ens33");
        netns.addPair("eth9", "farther");
        netns.ip("addr add 192.168.2.31/24 dev eth9");
        Ground.Look after = look(ground, DesiredState.NOTHING);
        assertThat(after.problems()).isEmpty();
        assertThat(after.nativeDevices()).containsOnlyKeys("eth9");
    }

    @Test
    void devicesAreFoundByNameOrByAddress() {
        assertThat(NodeDevices.find(netlink, config("--devices=ens+")).addresses())
                .containsExactly(ADDRESS);
        assertThat(NodeDevices.find(netlink, config("--ipv4-node=192.168.2.31")).byName())
                .containsOnlyKeys("ens33");
        assertThat(NodeDevices.find(netlink, config("--ipv4-node=192.168.2.31")).mtu(0))
                .isEqualTo(1500);
        assertThatThrownBy(() -> NodeDevices.find(netlink, config()))
                .hasMessageContaining("devices: none, ipv4-node: none (expected: at least one");
        assertThatThrownBy(() -> NodeDevices.find(netlink, config("--devices=eth0")))
                .hasMessageContaining("devices: eth0 (expected: some of");
        assertThatThrownBy(() -> NodeDevices.find(netlink, config("--devices=far")))
                .hasMessageContaining("no IPv4 address on [far]");
        assertThatThrownBy(() -> NodeDevices.find(netlink, config("--ipv4-node=10.9.9.9")))
                .hasMessageContaining("10.9.9.9");
    }

    @Test
    void goodAnswersAboutNodesAreKeptUntilSomethingChangesAndBadOnesAskedAgain() {
        DirectReachability reachability = new DirectReachability(new DirectRoutes(netlink));
        Ip near = Ip.parse("192.168.2.32");
        Ip far = Ip.parse("172.16.0.9");
        assertThat(reachability.of(near)).isInstanceOf(Result.Direct.class);
        assertThat(reachability.of(far))
                .isInstanceOfSatisfying(
                        Result.Not.class, not -> assertThat(not.reason()).contains("no route found"));

        netns.ip("route add 172.16.0.0/24 dev ens33");
        assertThat(reachability.of(far)).as("until the next look").isInstanceOf(Result.Not.class);
        reachability.refresh();
        assertThat(reachability.of(far)).isInstanceOf(Result.Direct.class);

        netns.ip("addr del 192.168.2.31/24 dev ens33");
        reachability.refresh();
        assertThat(reachability.of(near)).as("nobody told").isInstanceOf(Result.Direct.class);
        reachability.forget();
        reachability.refresh();
        assertThat(reachability.of(near)).isInstanceOf(Result.Not.class);
    }

    private HostDevices.End ensure() {
        return netns.run(
                () -> new HostDevices(netlink).ensure(NODE.routers(), 1500).host());
    }

    private NodeGround ground(HostDevices.End host) {
        AgentConfig config = config("--ipv4-node=192.168.2.31");
        return new NodeGround(netlink, NODE, config, host, NodeDevices.find(netlink, config));
    }

    private Ground.Look look(NodeGround ground, DesiredState state) {
        return netns.run(() -> ground.look(state));
    }

    private String setting(String name) {
        return netns.run(() -> java.nio.file.Files.readString(java.nio.file.Path.of("/proc/sys/net", name))
                .strip());
    }

    private static AgentConfig config(String... arguments) {
        ConfigKeys keys = new ConfigKeys("fairlead-agent", "test");
        AgentKeys own = new AgentKeys(keys);
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = "--node-name=dev1";
        return own.from(keys.read(all, Map.of()));
    }
}
