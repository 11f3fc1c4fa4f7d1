package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.NatNode.udp;
import static io.fairlead.node.kernel.bpf.Node.NEXT;
import static io.fairlead.node.kernel.bpf.Node.NODE;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.bpf.Compiled.Change;
import io.fairlead.node.kernel.bpf.Steady.Flow;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Far more connections and translations than there is room for: what is in use stays, what is forbidden stays so. */
@Tag("root")
class FullMapsTest {
    private static final int ROOM = 512;
    private static final List<Change> SMALL =
            List.of(new Change("lib/maps.h", "max_entries, 262144", "max_entries, " + ROOM));

    @Test
    void floodOfConnectionsNeitherBreaksTheOnesInUseNorOpensAnything() throws Exception {
        try (Machine one = new Machine(1, Compiled.by("clang-14", SMALL));
                Machine two = new Machine(2)) {
            Machine.connect(one, two);
            one.start(2);
            for (int pod = 0; pod < 4; pod++) {
                one.addPod("p" + pod, 10 + pod);
            }
            onlyZeroMayAskOne(one);
            List<Flow> flows = List.of(flow(one, true, 0, 1, 7001), flow(one, false, 2, 1, 7003));
            try (Steady steady = Steady.start(5_000, flows)) {
                long sent = one.pods.get("p2").run(() -> flood(Machine.pod4(1, 13), 40 * ROOM));
                assertThat(sent).isEqualTo(40L * ROOM);
                steady.end();
            }
            assertThat(one.counted(DropReason.DROP_POLICY, Metric.Direction.INGRESS))
                    .as("forbidden packets, by their reason")
                    .isPositive();
            assertThat(one.counted(DropReason.DROP_CT_NO_ROOM, Metric.Direction.EGRESS))
                    .isZero();
        }
    }

    /** Sends a datagram of a connection of its own each. */
    private static long flood(Ip to, int count) throws Exception {
        long sent = 0;
        InetSocketAddress target = new InetSocketAddress(InetAddress.getByAddress(to.bytes()), 9);
        for (int i = 0; i < count; i++) {
            try (DatagramChannel channel = DatagramChannel.open(java.net.StandardProtocolFamily.INET)) {
                sent += channel.send(ByteBuffer.allocate(1), target);
            }
        }
        return sent;
    }

    private static Flow flow(Machine one, boolean allowed, int from, int to, int port) {
        return new Flow(
                allowed,
                one.pods.get("p" + from).name(),
                Machine.pod4(1, 10 + from),
                port,
                one.pods.get("p" + to).name(),
                Machine.pod4(1, 10 + to),
                port + 1);
    }

    private static void onlyZeroMayAskOne(Machine one) {
        assertThat(new PolicyMap(one.spec, one.object().map("policies"))
                        .upsert(Map.of(new PolicyKey(7, true, 1010, 0, 0, 0), new PolicyEntry(false, 1))))
                .isEmpty();
        EndpointMap endpoints = new EndpointMap(one.spec, one.object().map("endpoints"));
        Ip ip = Machine.pod4(1, 11);
        LocalEndpoint before = endpoints.load().get(ip);
        PolicyRef ref = new PolicyRef(7, true, false, false);
        assertThat(endpoints.upsert(Map.of(
                        ip,
                        new LocalEndpoint(
                                before.ifindex(),
                                before.id(),
                                false,
                                before.identity(),
                                ref,
                                before.mac(),
                                before.nodeMac()))))
                .isEmpty();
    }

    @Test
    void floodOfTranslationsKeepsTheOneInUseAndLosesNone() {
        try (NatNode nat = new NatNode(NatNode.MASQUERADES, new MapSizes(Map.of("nat4", ROOM)))) {
            int used = nat.portOf(udp(40000));
            for (int flow = 0; flow < 10 * ROOM; flow++) {
                nat.portOf(udp(41000 + flow));
                if (flow % 16 == 0) {
                    assertThat(nat.portOf(udp(40000)))
                            .as("after %s flows", flow)
                            .isEqualTo(used);
                    assertThat(nat.arrived(udp(40000).from(NODE, used).answer().bytes()))
                            .isEqualTo(udp(40000).answer().ttl(63).bytes());
                }
            }
            TestRun.Output late =
                    nat.arrive(udp(41000).from(NODE, 41000).answer().bytes());
            assertThat(late.verdict())
                    .as("an answer to a flow that was evicted")
                    .isEqualTo(NEXT);
        }
    }
}
