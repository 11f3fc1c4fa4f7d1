package io.fairlead.node.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import io.fairlead.node.conntrack.FakeFlows;
import io.fairlead.node.kernel.CtEntry;
import io.fairlead.node.kernel.CtEntry.Flag;
import io.fairlead.node.kernel.CtEntry.Half;
import io.fairlead.node.kernel.CtEntry.Judged;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.NatEntry;
import io.fairlead.node.kernel.NatKey;
import io.fairlead.node.kernel.NatKey.Direction;
import io.fairlead.proto.agent.v1.BpfConnection;
import io.fairlead.proto.agent.v1.BpfNatEntry;
import io.fairlead.proto.agent.v1.FlushBpfCtRequest;
import io.fairlead.proto.agent.v1.ListBpfCtRequest;
import io.fairlead.proto.agent.v1.ListBpfNatRequest;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConnectionListsTest {
    private static final long SECOND = 1_000_000_000;
    private static final Ip CLIENT = Ip.parse("10.244.0.102");
    private static final Ip SERVER = Ip.parse("10.244.0.25");
    private static final CtKey KEY = FakeFlows.key(CLIENT, 41234, SERVER, 80, 6);

    private final FakeFlows flows = new FakeFlows();
    private final Map<Integer, Set<Ip>> endpoints =
            Map.of(149, Set.of(SERVER), 2073, Set.of(CLIENT, Ip.parse("fd00::66")));
    private final ConnectionLists lists =
            new ConnectionLists(flows.tables, id -> endpoints.getOrDefault(id, Set.of()), () -> 16_991 * SECOND + 5);

    private static CtEntry entry(Flag... flags) {
        return new CtEntry(
                17_000 * SECOND + 123,
                new Half(4, 331, 16_990 * SECOND, 0x1b, 0x02),
                new Half(3, 1205, 16_989 * SECOND, 0x13, 0x01),
                new Judged(1, 2, 22099, 11575),
                Set.of(flags));
    }

    private List<BpfConnection> list(int endpoint) {
        return lists.connections(
                        ListBpfCtRequest.newBuilder().setEndpointId(endpoint).build())
                .getConnectionsList();
    }

    @Test
    void aConnectionBetweenTwoPodsIsListedAsEachSeesIt() {
        // 10.244.0.25 is the lower address, so who began it is the second
        flows.tcp4.entries.put(
                KEY, entry(Flag.BEGUN_BY_SECOND, Flag.INGRESS, Flag.EGRESS, Flag.CLOSING, Flag.SEEN_NON_SYN));
        BpfConnection in = BpfConnection.newBuilder()
                .setProtocol(6)
                .setDirection("IN")
                .setSrc("10.244.0.102")
                .setSrcPort(41234)
                .setDst("10.244.0.25")
                .setDstPort(80)
                .setExpires(17_000)
                .setRemaining(9)
                .setRxPackets(4)
                .setRxBytes(331)
                .setRxFlagsSeen(0x1b)
                .setLastRxReport(16_990)
                .setTxPackets(3)
                .setTxBytes(1205)
                .setTxFlagsSeen(0x13)
                .setLastTxReport(16_989)
                .setFlags(0x11)
                .addFlagNames("RxClosing")
                .addFlagNames("SeenNonSyn")
                .setSrcIdentity(22099)
                .build();
        BpfConnection out = in.toBuilder()
                .setDirection("OUT")
                .setRxPackets(3)
                .setRxBytes(1205)
                .setRxFlagsSeen(0x13)
                .setLastRxReport(16_989)
                .setTxPackets(4)
                .setTxBytes(331)
                .setTxFlagsSeen(0x1b)
                .setLastTxReport(16_990)
                .setFlags(0x12)
                .setFlagNames(0, "TxClosing")
                .build();
        assertThat(list(0)).containsExactly(out, in);
        assertThat(list(149)).containsExactly(in);
        assertThat(list(2073)).containsExactly(out);
    }

    @Test
    void halvesThatNobodyHereWasJudgedForAreNotListed() {
        flows.tcp4.entries.put(KEY, entry(Flag.BEGUN_BY_SECOND, Flag.INGRESS));
        assertThat(list(0)).extracting(BpfConnection::getDirection).containsExactly("IN");
        assertThat(list(2073)).isEmpty();
        flows.tcp4.entries.put(KEY, entry(Flag.EGRESS));
        assertThat(list(0)).singleElement().satisfies(connection -> {
            assertThat(connection.getDirection()).isEqualTo("OUT");
            assertThat(connection.getSrc()).isEqualTo("10.244.0.25");
        });
        flows.tcp4.entries.put(KEY, entry());
        assertThat(list(0)).as("what nobody was judged for is still there").hasSize(1);
    }

    @Test
    void allTablesAreListedInOrder() {
        flows.any6.entries.put(
                FakeFlows.key(Ip.parse("fd00::66"), 9, Ip.parse("fd00::1"), 0, 58),
                entry(Flag.BEGUN_BY_SECOND, Flag.EGRESS));
        flows.any4.entries.put(FakeFlows.key(CLIENT, 7, SERVER, 0, 1), entry(Flag.BEGUN_BY_SECOND, Flag.EGRESS));
        for (int port : new int[] {300, 5, 40}) {
            flows.tcp4.entries.put(
                    FakeFlows.key(CLIENT, port, SERVER, 80, 6),
                    entry(Flag.BEGUN_BY_SECOND, Flag.EGRESS, Flag.CLOSING_REPLY));
        }
        assertThat(list(0))
                .extracting(c -> c.getProtocol() + " " + c.getSrc() + ":" + c.getSrcPort() + " " + c.getDstPort())
                .containsExactly(
                        "6 10.244.0.102:5 80",
                        "6 10.244.0.102:40 80",
                        "6 10.244.0.102:300 80",
                        "1 10.244.0.102:7 0",
                        "58 fd00::66:9 0");
        assertThat(list(2073)).hasSize(5);
    }

    @Test
    void anExpiredConnectionHasNoTimeLeft() {
        flows.tcp4.entries.put(KEY, FakeFlows.until(SECOND));
        assertThat(list(0).get(0).getRemaining()).isZero();
        assertThat(list(0).get(0).getExpires()).isEqualTo(1);
    }

    @Test
    void anUnknownEndpointIsSaidWithItsId() {
        assertThatThrownBy(() -> list(77))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("endpoint: 77 (expected: ");
        assertThatThrownBy(() -> list(-1)).hasMessageStartingWith("endpoint: 4294967295 (expected: ");
    }

    @Test
    void flushEmptiesEveryTable() {
        flows.tcp4.entries.put(KEY, entry());
        flows.any4.entries.put(FakeFlows.key(CLIENT, 7, SERVER, 0, 1), entry());
        flows.any6.entries.put(FakeFlows.key(Ip.parse("fd00::66"), 9, Ip.parse("fd00::1"), 0, 58), entry());
        assertThat(lists.flush(FlushBpfCtRequest.getDefaultInstance()).getRemoved())
                .isEqualTo(3);
        assertThat(list(0)).isEmpty();
    }

    @Test
    void translationsAreListedBothWays() {
        flows.nat4.map(
                new NatKey(SERVER, Ip.parse("1.1.1.1"), 41000, 443, 6, Direction.OUT),
                new NatEntry(16_979 * SECOND, 16_990 * SECOND, Ip.parse("192.168.2.31"), 50000, false));
        flows.nat6.map(
                new NatKey(Ip.parse("fd01::31"), Ip.parse("2001:db8::1"), 40000, 53, 17, Direction.OUT),
                new NatEntry(20_000 * SECOND, 20_000 * SECOND, Ip.parse("fd01::31"), 40000, true));
        BpfNatEntry out = BpfNatEntry.newBuilder()
                .setProtocol(6)
                .setDirection("OUT")
                .setSrc("10.244.0.25")
                .setSrcPort(41000)
                .setDst("1.1.1.1")
                .setDstPort(443)
                .setTo("192.168.2.31")
                .setToPort(50000)
                .setAge(12)
                .build();
        BpfNatEntry in = BpfNatEntry.newBuilder()
                .setProtocol(6)
                .setDirection("IN")
                .setSrc("1.1.1.1")
                .setSrcPort(443)
                .setDst("192.168.2.31")
                .setDstPort(50000)
                .setTo("10.244.0.25")
                .setToPort(41000)
                .setAge(12)
                .build();
        List<BpfNatEntry> listed =
                lists.translations(ListBpfNatRequest.getDefaultInstance()).getEntriesList();
        assertThat(listed).hasSize(4).startsWith(out, in);
        assertThat(listed.get(2).getHostLocal()).isTrue();
        assertThat(listed.get(2).getAge()).as("never negative").isZero();
        assertThat(listed.get(2).getSrc()).isEqualTo("fd01::31");
    }
}
