package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.MasqueradeAddress;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyRef;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A node that carries real packets: its namespace, its pods' namespaces, loaded and attached programs, and the settings
 * an agent makes: strict reverse path everywhere, no forwarding on pods' devices.
 */
final class Machine implements AutoCloseable {
    final int number;
    final Namespace namespace;
    final Map<String, Namespace> pods = new HashMap<>();
    final BpfSpec spec;
    final Path root = Namespace.mountBpf();
    final ProgramLinks links = new ProgramLinks(root.resolve("links"));
    private final List<Namespace> parts = new ArrayList<>();
    private BpfObject object;

    Machine(int number) {
        this(number, BpfSpec.datapath());
    }

    /** One with programs of its own. */
    Machine(int number, BpfSpec spec) {
        this.number = number;
        this.spec = spec;
        namespace = new Namespace("m" + number);
        parts.add(namespace);
    }

    /** Joins the devices ens33 of two machines. */
    static void connect(Machine one, Machine two) {
        one.namespace.in("ip link add ens33 type veth peer name ens33 netns " + two.namespace.name());
    }

    Ip ip() {
        return Ip.parse("192.168.2.3" + number);
    }

    Ip ip6() {
        return Ip.parse("fd02::3" + number);
    }

    static Ip pod4(int node, int index) {
        return Ip.parse("10.244." + node + "." + index);
    }

    static Ip pod6(int node, int index) {
        return Ip.parse("fd00:" + node + "::" + index);
    }

    void start(int other) {
        start(other, DatapathConfig.Options.DEFAULT);
    }

    void start(int other, DatapathConfig.Options options) {
        namespace.in("""
                ip link set lo up
                sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
                sysctl -qw net.ipv4.ip_forward_use_pmtu=1
                sysctl -qw net.ipv4.conf.all.arp_notify=1 net.ipv6.conf.all.ndisc_notify=1
                sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1
                sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.ens33.accept_dad=0
                ip link add fl_host type veth peer name fl_net
                for d in fl_host fl_net; do ip link set $d arp off; ip link set $d up; done
                ip link set ens33 up
                ip addr add 192.168.2.3N/24 dev ens33
                ip addr add fd02::3N/64 dev ens33 nodad
                ip addr add 10.244.N.1/32 dev fl_host
                ip addr add fd00:N::1/128 dev fl_host nodad
                sysctl -qw net.ipv4.conf.fl_host.accept_local=1
                ip route add 10.244.N.0/24 dev fl_host
                ip route add fd00:N::/64 dev fl_host
                ip route add 10.244.O.0/24 via 192.168.2.3O
                ip route add fd00:O::/64 via fd02::3O
                """.replace("N", "" + number).replace("O", "" + other));
        Mac mac = Mac.parse(namespace.mac("fl_host"));
        object = BpfObject.load(
                spec,
                new DatapathConfig(
                                Optional.of(pod4(number, 1)),
                                Optional.of(pod6(number, 1)),
                                namespace.ifindex("fl_host"),
                                mac)
                        .with(options),
                root);
        LocalEndpoint host = new LocalEndpoint(0, 0, true, IdentityId.HOST, PolicyRef.NONE, mac, mac);
        assertThat(new EndpointMap(spec, object.map("endpoints"))
                        .upsert(Map.of(ip(), host, ip6(), host, pod4(number, 1), host, pod6(number, 1), host)))
                .isEmpty();
        attach("ens33", Direction.INGRESS, "from_netdev");
        attach("fl_host", Direction.EGRESS, "from_host");
        if (options.masquerade().ipv4()) {
            attach("ens33", Direction.EGRESS, "to_netdev");
            MasqueradeAddress address = new MasqueradeAddress(Optional.of(ip()), Optional.of(ip6()));
            assertThat(new MasqueradeMap(spec, object.map("masquerade"))
                            .upsert(Map.of(namespace.ifindex("ens33"), address)))
                    .isEmpty();
        }
    }

    /** A pod with its devices, map entries and links. */
    Namespace addPod(String name, int index) {
        Namespace pod = new Namespace("p" + number + name);
        parts.add(pod);
        pods.put(name, pod);
        String lxc = "lxc" + name;
        namespace.in("ip link add " + lxc + " type veth peer name eth0 netns " + pod.name() + "\n"
                + "sysctl -qw net.ipv4.conf." + lxc + ".forwarding=0 net.ipv6.conf." + lxc + ".disable_ipv6=1\n"
                + "ip link set " + lxc + " up");
        Ip ipv4 = pod4(number, index);
        Ip ipv6 = pod6(number, index);
        pod.in("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0\n"
                + "ip link set lo up; ip link set eth0 up; ip addr add " + ipv4 + "/32 dev eth0\n"
                + "ip addr add " + ipv6 + "/128 dev eth0 nodad\n"
                + "ip route add " + pod4(number, 1) + " dev eth0 scope link\n"
                + "ip route add default via " + pod4(number, 1) + "\n"
                + "ip -6 route add " + pod6(number, 1) + " dev eth0\n"
                + "ip -6 route add default via " + pod6(number, 1));
        Mac mac = Mac.parse(pod.mac("eth0"));
        Mac nodeMac = Mac.parse(namespace.mac(lxc));
        IdentityId identity = new IdentityId(1000 + index);
        int ifindex = namespace.ifindex(lxc);
        attach(lxc, Direction.INGRESS, "from_container");
        attach(lxc, Direction.EGRESS, "to_container");
        PodInterface entry =
                new PodInterface(index, identity, Optional.of(ipv4), Optional.of(ipv6), PolicyRef.NONE, mac, nodeMac);
        assertThat(new InterfaceMap(spec, object.map("interfaces")).upsert(Map.of(ifindex, entry)))
                .isEmpty();
        LocalEndpoint endpoint = new LocalEndpoint(ifindex, index, false, identity, PolicyRef.NONE, mac, nodeMac);
        assertThat(new EndpointMap(spec, object.map("endpoints")).upsert(Map.of(ipv4, endpoint, ipv6, endpoint)))
                .isEmpty();
        return pod;
    }

    private void attach(String device, Direction direction, String program) {
        Attachment attachment = new Attachment(
                namespace.ifindex(device), object.program(program).id());
        assertThat(namespace.run(() -> links.upsert(Map.of(new Hook(device, direction), attachment))))
                .isEmpty();
    }

    /** What this machine's agent loaded. */
    BpfObject object() {
        return object;
    }

    /** Lets go of everything an agent's process holds. */
    void stopAgent() {
        object.close();
    }

    long counted(DropReason reason, Metric.Direction direction) {
        try (BpfMap map = BpfMap.open(spec, root, "metrics")) {
            return new MetricsMap(spec, map)
                    .read().stream()
                            .filter(m -> m.reason() == reason.number() && m.direction() == direction)
                            .mapToLong(Metric::packets)
                            .sum();
        }
    }

    @Override
    public void close() {
        parts.forEach(Namespace::close);
        Namespace.unmount(root);
    }
}
