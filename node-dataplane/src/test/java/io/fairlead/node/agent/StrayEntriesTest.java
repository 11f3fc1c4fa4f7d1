package io.fairlead.node.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.IpcacheEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StrayEntriesTest {
    private static final Ip SELF = Ip.parse("192.168.2.31");
    private static final Ip OTHER = Ip.parse("192.168.2.32");
    private static final Ip POD = Ip.parse("10.244.1.7");
    private static final Ip GONE = Ip.parse("10.244.1.8");
    private static final int IDENTITY = 1234;

    private final List<Set<Ip>> withdrawn = new ArrayList<>();
    private final List<Set<Ip>> published = new ArrayList<>();
    private final LocalNode node = new LocalNode(
            new NodeName("dev1"),
            new ClusterName("default"),
            SELF,
            List.of(Cidr.parse("10.244.1.0/24")),
            List.of(Ip.parse("10.244.1.1")));
    private long now;
    private final StrayEntries entries =
            new StrayEntries(node, new StrayEntries.Told(withdrawn::add, published::add), () -> now);

    private final Map<Cidr, Peer> peers = new HashMap<>();

    private void entry(Ip ip, int identity, Ip host, String source) {
        peers.put(ip.toCidr(), new Peer(new IpcacheEntry(new IdentityId(identity), Optional.of(host)), "", "", source));
    }

    private DesiredState unrestored() {
        return DesiredState.NOTHING.withPeers(new HashMap<>(peers), Map.of());
    }

    private DesiredState state() {
        Pod pod = new Pod(
                7,
                "lxc7",
                70,
                new IdentityId(IDENTITY),
                Optional.of(POD),
                Optional.empty(),
                new Mac(1),
                new Mac(2),
                true);
        return unrestored().withPods(Map.of("lxc7", pod));
    }

    private void look(DesiredState state) {
        entries.look(state);
        now += StrayEntries.PAUSE.toNanos();
    }

    @Test
    void anAddressOfThisNodeThatNoPodHasIsWithdrawn() {
        entry(POD, IDENTITY, SELF, "kvstore");
        look(state());
        assertThat(withdrawn).isEmpty();
        entry(GONE, IDENTITY, SELF, "kvstore");
        look(state());
        assertThat(withdrawn).containsExactly(Set.of(GONE));
    }

    @Test
    void whatIsOthersOrNoEndpointIsLeftAlone() {
        entry(GONE, IDENTITY, OTHER, "kvstore");
        entry(Ip.parse("10.244.1.1"), 1, SELF, "node");
        look(state());
        assertThat(withdrawn).isEmpty();
        assertThat(published).isEmpty();
    }

    @Test
    void nothingIsWithdrawnBeforeThePodsAreKnown() {
        entry(GONE, IDENTITY, SELF, "kvstore");
        look(unrestored());
        assertThat(withdrawn).isEmpty();
        look(state());
        assertThat(withdrawn).hasSize(1);
    }

    @Test
    void anotherIdentityThanThePodsIsToldAgainWhenItStays() {
        entry(POD, 99, SELF, "kvstore");
        DesiredState wrong = state();
        look(wrong);
        assertThat(published).isEmpty();
        look(wrong);
        assertThat(published).containsExactly(Set.of(POD));
        entry(POD, IDENTITY, SELF, "kvstore");
        look(state());
        look(state());
        assertThat(published).hasSize(1);
        assertThat(withdrawn).isEmpty();
    }

    @Test
    void allAddressesAreLookedThroughOnceASecondAtMost() {
        entries.look(state());
        entry(GONE, IDENTITY, SELF, "kvstore");
        entries.look(state());
        assertThat(withdrawn).isEmpty();
        now += StrayEntries.PAUSE.toNanos();
        entries.look(state());
        assertThat(withdrawn).hasSize(1);
    }
}
