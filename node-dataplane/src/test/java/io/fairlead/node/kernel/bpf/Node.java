package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.ethernet;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.bpf.Metric.Direction;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A node in a namespace with devices, routes and filled maps, on which programs are run packet by packet. */
final class Node implements AutoCloseable {
    static final int NEXT = -1;
    static final int SHOT = 2;
    static final int REDIRECT = 7;

    static final Ip ROUTER = Ip.parse("10.244.1.1");
    static final Ip ROUTER6 = Ip.parse("fd00:1::1");
    static final Ip NODE = Ip.parse("192.168.2.31");
    static final Ip NODE6 = Ip.parse("fd02::31");
    static final Ip A = Ip.parse("10.244.1.10");
    static final Ip A6 = Ip.parse("fd00:1::a");
    static final Ip B = Ip.parse("10.244.1.11");
    static final Ip B6 = Ip.parse("fd00:1::b");
    static final Ip REMOTE = Ip.parse("10.244.3.10");
    static final Ip REMOTE6 = Ip.parse("fd00:3::a");
    static final Mac A_MAC = Mac.parse("02:aa:00:00:00:01");
    static final Mac A_GATE = Mac.parse("02:aa:00:00:00:02");
    static final Mac B_MAC = Mac.parse("02:bb:00:00:00:01");
    static final Mac B_GATE = Mac.parse("02:bb:00:00:00:02");
    static final Mac FL_HOST = Mac.parse("02:cc:00:00:00:01");
    static final Mac WIRE = Mac.parse("02:dd:00:00:00:01");
    static final Mac PEER = Mac.parse("02:dd:00:00:00:02");

    final BpfSpec spec = BpfSpec.datapath();
    final BpfObject object;
    final int lxcA;
    final int lxcB;
    final int flHost;
    final int wire;
    private final Path root = Namespace.mountBpf();
    private final Namespace namespace = new Namespace("n");
    private final MetricsMap metrics;

    Node() {
        this(DatapathConfig.Options.DEFAULT);
    }

    Node(DatapathConfig.Options options) {
        this(options, MapSizes.DECLARED);
    }

    Node(DatapathConfig.Options options, MapSizes sizes) {
        try {
            prepareDevices();
        } catch (AssertionError e) {
            namespace.close();
            Namespace.unmount(root);
            throw e;
        }
        lxcA = namespace.ifindex("lxca");
        lxcB = namespace.ifindex("lxcb");
        flHost = namespace.ifindex("fl_host");
        wire = namespace.ifindex("ens33");
        object = BpfObject.load(
                spec,
                new DatapathConfig(Optional.of(ROUTER), Optional.of(ROUTER6), flHost, FL_HOST, options),
                sizes,
                root);
        metrics = new MetricsMap(spec, object.map("metrics"));
        LocalEndpoint a = new LocalEndpoint(lxcA, 1, false, new IdentityId(1001), PolicyRef.NONE, A_MAC, A_GATE);
        LocalEndpoint b = new LocalEndpoint(lxcB, 2, false, new IdentityId(1002), PolicyRef.NONE, B_MAC, B_GATE);
        LocalEndpoint host = new LocalEndpoint(0, 0, true, IdentityId.HOST, PolicyRef.NONE, FL_HOST, FL_HOST);
        assertThat(new EndpointMap(spec, object.map("endpoints"))
                        .upsert(Map.of(A, a, A6, a, B, b, B6, b, ROUTER, host, ROUTER6, host, NODE, host, NODE6, host)))
                .isEmpty();
        assertThat(new InterfaceMap(spec, object.map("interfaces"))
                        .upsert(Map.of(
                                lxcA,
                                pod(1, 1001, A, A6, PolicyRef.NONE, A_MAC, A_GATE),
                                lxcB,
                                pod(2, 1002, B, B6, PolicyRef.NONE, B_MAC, B_GATE),
                                namespace.ifindex("lxcn"),
                                pod(3, 0, A, A6, PolicyRef.NONE, A_MAC, A_GATE))))
                .isEmpty();
        assertThat(new IpcacheMap(spec, object.map("ipcache"), object.map("generation"))
                        .upsert(Map.of(
                                Cidr.parse("10.244.3.10"),
                                        new IpcacheEntry(
                                                new IdentityId(0x20404), Optional.of(Ip.parse("192.168.2.33"))),
                                Cidr.parse("fd00:3::a"), new IpcacheEntry(new IdentityId(0x20404), Optional.empty()))))
                .isEmpty();
    }

    private void prepareDevices() {
        namespace.in("""
                ip link set lo up
                ip link add fl_host address 02:cc:00:00:00:01 type veth peer name fl_net
                ip link add lxca type veth peer name poda
                ip link add lxcb type veth peer name podb
                ip link add lxcn type veth peer name podn
                ip link add ens33 address 02:dd:00:00:00:01 type veth peer name wire
                sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
                for d in fl_host fl_net lxca poda lxcb podb ens33 wire; do ip link set $d up; done
                sysctl -qw net.ipv4.conf.lxca.forwarding=0 net.ipv6.conf.lxca.forwarding=0
                ip addr add 192.168.2.31/24 dev ens33
                ip addr add fd02::31/64 dev ens33 nodad
                ip addr add 10.244.1.1/32 dev fl_host
                ip addr add fd00:1::1/128 dev fl_host nodad
                ip route add 10.244.1.0/24 dev fl_host
                ip route add fd00:1::/64 dev fl_host
                ip route add 10.244.3.0/24 via 192.168.2.33
                ip route add fd00:3::/64 via fd02::33
                ip route add 10.244.4.0/24 via inet6 fd02::33 dev ens33
                ip route add blackhole 10.66.1.0/24
                ip route add unreachable 10.66.2.0/24
                ip route add prohibit 10.66.3.0/24
                ip route add 10.66.4.0/24 via 192.168.2.33 mtu lock 600
                ip -6 route add fd66:4::/64 via fd02::33 mtu lock 1400
                ip -6 route add blackhole fd66:1::/64
                ip -6 route add unreachable fd66:2::/64
                """);
    }

    int ifindex(String device) {
        return namespace.ifindex(device);
    }

    private static PodInterface pod(int id, int identity, Ip ipv4, Ip ipv6, PolicyRef policy, Mac mac, Mac gate) {
        return new PodInterface(id, new IdentityId(identity), Optional.of(ipv4), Optional.of(ipv6), policy, mac, gate);
    }

    /** What pod A sends to its gateway's MAC. */
    static byte[] fromA(byte[] packet) {
        return ethernet(A_GATE, A_MAC, packet);
    }

    /**
     * A packet and what has to become of it.
     *
     * @param what the case, for the message
     * @param verdict what the program returns
     * @param counted the reason that is counted; empty when nothing is
     * @param output checks of the packet afterwards
     */
    @SuppressWarnings("ArrayRecordComponent") // a frame is bytes; nobody compares rows
    record Row(String what, byte[] frame, int verdict, Optional<DropReason> counted, Consumer<TestRun.Output> output) {
        static Row dropped(String what, byte[] frame, DropReason reason) {
            return new Row(what, frame, SHOT, Optional.of(reason), o -> {});
        }

        static Row untouched(String what, byte[] frame) {
            return new Row(
                    what,
                    frame,
                    NEXT,
                    Optional.empty(),
                    o -> assertThat(o.frame()).isEqualTo(frame));
        }

        static Row forwarded(String what, byte[] frame, byte[] output) {
            return new Row(
                    what,
                    frame,
                    REDIRECT,
                    Optional.of(DropReason.FORWARDED),
                    o -> assertThat(o.frame()).isEqualTo(output));
        }
    }

    /** Runs the rows one by one; each counts what it should and nothing else. */
    void check(String program, int ifindex, int mark, Direction direction, List<Row> rows) {
        namespace.run(() -> {
            for (Row row : rows) {
                List<Metric> before = metrics.read();
                TestRun.Output output =
                        TestRun.run(object.program(program), new TestRun.Input(row.frame, ifindex, mark, 1));
                assertThat(output.verdict()).as(row.what).isEqualTo(row.verdict);
                assertThat(counted(before, metrics.read()))
                        .as(row.what)
                        .isEqualTo(row.counted.map(r -> r + " " + direction).orElse(""));
                try {
                    row.output.accept(output);
                } catch (AssertionError e) {
                    throw new AssertionError(row.what + ": " + e.getMessage(), e);
                }
            }
            return null;
        });
    }

    /** Why a packet ends; empty when it goes on. */
    Optional<DropReason> endOf(String program, int ifindex, byte[] frame) {
        return namespace.run(() -> {
            List<Metric> before = metrics.read();
            int verdict = TestRun.run(object.program(program), new TestRun.Input(frame, ifindex))
                    .verdict();
            String counted = counted(before, metrics.read());
            String reason = counted.isEmpty() ? "" : counted.substring(0, counted.indexOf(' '));
            assertThat(verdict == SHOT).as(counted).isEqualTo(!reason.isEmpty() && !reason.equals("FORWARDED"));
            return verdict == SHOT ? Optional.of(DropReason.valueOf(reason)) : Optional.empty();
        });
    }

    TestRun.Output run(String program, int ifindex, byte[] frame) {
        return namespace.run(() -> TestRun.run(object.program(program), new TestRun.Input(frame, ifindex)));
    }

    /** Runs a command of the shell in the node's namespace. */
    String in(String command) {
        return namespace.in(command);
    }

    /** Gives the two pods policies. */
    void enforce(PolicyRef a, PolicyRef b) {
        LocalEndpoint forA = new LocalEndpoint(lxcA, 1, false, new IdentityId(1001), a, A_MAC, A_GATE);
        LocalEndpoint forB = new LocalEndpoint(lxcB, 2, false, new IdentityId(1002), b, B_MAC, B_GATE);
        assertThat(new EndpointMap(spec, object.map("endpoints")).upsert(Map.of(A, forA, A6, forA, B, forB, B6, forB)))
                .isEmpty();
        assertThat(new InterfaceMap(spec, object.map("interfaces"))
                        .upsert(Map.of(
                                lxcA,
                                pod(1, 1001, A, A6, a, A_MAC, A_GATE),
                                lxcB,
                                pod(2, 1002, B, B6, b, B_MAC, B_GATE))))
                .isEmpty();
    }

    <T> T inside(java.util.concurrent.Callable<T> action) {
        return namespace.run(action);
    }

    private static String counted(List<Metric> before, List<Metric> after) {
        StringBuilder text = new StringBuilder();
        for (Metric metric : after) {
            long earlier = before.stream()
                    .filter(m -> m.reason() == metric.reason() && m.direction() == metric.direction())
                    .mapToLong(Metric::packets)
                    .sum();
            for (long i = earlier; i < metric.packets(); i++) {
                text.append(text.isEmpty() ? "" : ", ")
                        .append(DropReason.of(metric.reason()).orElseThrow())
                        .append(' ')
                        .append(metric.direction());
            }
        }
        return text.toString();
    }

    @Override
    public void close() {
        object.close();
        namespace.close();
        Namespace.unmount(root);
    }
}
