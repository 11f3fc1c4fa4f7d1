package io.fairlead.node.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.bpf.Explained.Onward;
import io.fairlead.node.kernel.bpf.Explained.Translated;
import io.fairlead.node.kernel.bpf.HookedPrograms.Ran;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which programs are asked, in which order, and who is meant by what. */
class ExplainerTest {
    private static final Hook FROM_A = new Hook("lxca", Direction.INGRESS);
    private static final Hook FL_HOST = new Hook("fl_host", Direction.EGRESS);
    private static final Hook WIRE_IN = new Hook("ens33", Direction.INGRESS);
    private static final Hook WIRE_OUT = new Hook("ens33", Direction.EGRESS);

    private final FakeNode node = new FakeNode();
    private final Explainer explainer = node.explainer();

    @BeforeEach
    void attach() {
        node.programs.put(FROM_A, FakeNode.forwards("from_container", Onward.TO_ENDPOINT));
        node.programs.put(FL_HOST, FakeNode.forwards("from_host", Onward.TO_ENDPOINT));
        node.programs.put(WIRE_IN, FakeNode.forwards("from_netdev", Onward.TO_ENDPOINT));
    }

    private Explanation explain(String source, String destination, int port) {
        return explainer.explain(new Question(source, destination, Optional.empty(), port, 0));
    }

    private static String way(Explanation explanation) {
        StringBuilder way = new StringBuilder();
        explanation
                .hops()
                .forEach(hop ->
                        way.append(hop.node()).append(' ').append(hop.program()).append(", "));
        return way + explanation.verdict() + " " + explanation.reason();
    }

    @Test
    void aPodToAPodOfItsNodeMeetsOneProgram() {
        assertThat(way(explain("10", "10.244.1.11", 80))).isEqualTo("dev1 from_container, ALLOWED to 10.244.1.11");
    }

    @Test
    void whatLeavesTheNodeIsExplainedOnByTheNextWithOneHopLess() {
        node.programs.put(FROM_A, FakeNode.forwards("from_container", Onward.TO_NETWORK));
        assertThat(way(explain("10", "default/server", 80)))
                .isEqualTo("dev1 from_container, dev3 from_netdev, ALLOWED to 10.244.3.12");
        assertThat(node.sent).containsExactly(new Packet(FakeNode.A, FakeNode.REMOTE, Protocol.TCP, 40000, 80, 63));
    }

    @Test
    void theNextNodeSeesTheAddressThatWasPutInItsPlace() {
        Translated now = new Translated(FakeNode.NODE, 41000);
        node.programs.put(
                FROM_A,
                new Ran(
                        "from_container",
                        7,
                        FakeNode.met(Optional.of(Onward.TO_NETWORK), Optional.empty(), Optional.of(now))));
        Explanation explanation = explain("10", "192.168.2.33", 22);
        assertThat(explanation.hops().get(0).decisions())
                .contains(new Explanation.Decision("masquerade", "source becomes 192.168.2.31:41000"));
        assertThat(node.sent).containsExactly(new Packet(FakeNode.NODE, FakeNode.OTHER, Protocol.TCP, 41000, 22, 63));
    }

    @Test
    void byTheStackThePacketMeetsItsProgramsToo() {
        node.programs.put(FROM_A, FakeNode.forwards("from_container", Onward.TO_STACK));
        assertThat(way(explain("10", "10.244.1.11", 80)))
                .isEqualTo("dev1 from_container, dev1 stack, dev1 from_host, ALLOWED to 10.244.1.11");
        node.programs.put(WIRE_OUT, FakeNode.forwards("to_netdev", Onward.TO_NETWORK));
        assertThat(way(explain("10", "world", 443)))
                .isEqualTo(
                        "dev1 from_container, dev1 stack, dev1 to_netdev, ALLOWED leaves the cluster by 192.168.2.2");
        assertThat(way(explain("10", "198.51.100.1", 443)))
                .isEqualTo("dev1 from_container, dev1 stack, DROPPED the node has no route to 198.51.100.1");
        node.programs.put(WIRE_IN, FakeNode.forwards("from_netdev", Onward.TO_STACK));
        assertThat(way(explain("192.168.2.33", "10.244.1.10", 80)))
                .isEqualTo("dev1 from_netdev, dev1 stack, dev1 from_host, ALLOWED to 10.244.1.10");
    }

    @Test
    void theNodeSpeaksToItsPodsFromItsAddressAmongThem() {
        assertThat(way(explain("host", "10", 0))).isEqualTo("dev1 stack, dev1 from_host, ALLOWED to 10.244.1.10");
        assertThat(explain("host", "10", 0).hops().get(1).decisions().get(0).text())
                .isEqualTo("10.244.1.1 -> 10.244.1.10 ICMP echo request, TTL 64");
        assertThat(way(explain("10", "host", 0))).endsWith("ALLOWED to 192.168.2.31");
        assertThat(way(explain("host", "default/server", 80)))
                .isEqualTo("dev1 stack, dev3 from_netdev, ALLOWED to 10.244.3.12");
    }

    @Test
    void whatIsDroppedEndsThereWithItsReason() {
        node.programs.put(FROM_A, FakeNode.drops("from_container", 133));
        assertThat(way(explain("10", "world", 80))).isEqualTo("dev1 from_container, DROPPED Policy denied");
        node.programs.clear();
        assertThat(way(explain("10", "world", 80)))
                .isEqualTo("dev1 stack, DROPPED no program is attached to lxca ingress");
    }

    @Test
    void theWorldIsExplainedWhereItsPacketsArrive() {
        assertThat(way(explain("world", "10", 80))).isEqualTo("dev1 from_netdev, ALLOWED to 10.244.1.10");
        assertThat(way(explainer.arriving(new Packet(Ip.parse("192.168.2.33"), FakeNode.A, Protocol.TCP, 1, 80, 63))))
                .isEqualTo("dev1 from_netdev, ALLOWED to 10.244.1.10");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nobody/x | 10 | source: nobody/x (expected: a pod of the cluster",
                "12 | 10 | source: endpoint 12 (expected: one of this node",
                "10 | web | destination: web (expected: namespace/pod, the id of an endpoint",
                "default/server | 10 | source: default/server is a pod of node dev3 (192.168.2.33)",
                "world | 1.1.1.2 | source: world to 1.1.1.2 (expected: a packet that leaves from this node",
                "10 | fd00::1 | addresses: 10 and fd00::1 (expected: both of one family"
            })
    void whoIsNotThereIsNamedWithWhatIsExpected(String source, String destination, String message) {
        assertThatThrownBy(() -> explain(source, destination, 80))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void aPortNeedsAProtocolThatHasPorts() {
        assertThatThrownBy(() -> explainer.explain(new Question("10", "world", Optional.of(Protocol.ICMP), 80, 0)))
                .hasMessage("port: 80 with ICMP (expected: none)");
        assertThatThrownBy(() -> explainer.explain(new Question("10", "world", Optional.of(Protocol.UDP), 0, 0)))
                .hasMessage("port: 0 with UDP (expected: 1 to 65535)");
    }
}
