package io.fairlead.node.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.desired.DesiredState;
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

class LostEntriesTest {
    private static final Ip V4 = Ip.parse("10.244.1.7");
    private static final Ip V6 = Ip.parse("fd00:1::7");
    private static final IdentityId IDENTITY = new IdentityId(1234);

    private final List<Object> told = new ArrayList<>();

    private final LostEntries entries = new LostEntries(told::add);

    private static DesiredState state(Map<Cidr, Peer> peers, boolean known) {
        Pod pod = new Pod(7, "lxc7", 70, IDENTITY, Optional.of(V4), Optional.of(V6), new Mac(1), new Mac(2), true);
        return DesiredState.NOTHING
                .withPods(Map.of("lxc7", pod))
                .withPeers(new HashMap<>(peers), known ? Map.of(1234, List.of("k8s:app=x")) : Map.of());
    }

    private static Map<Cidr, Peer> peers(IdentityId identity, Ip... ips) {
        Map<Cidr, Peer> peers = new HashMap<>();
        for (Ip ip : ips) {
            peers.put(ip.toCidr(), new Peer(new IpcacheEntry(identity, Optional.empty()), "", "", "kvstore"));
        }
        return peers;
    }

    @Test
    void anAddressOfALivingPodThatIsRemovedIsToldAgain() {
        entries.look(state(peers(IDENTITY, V4, V6), true));
        assertThat(told).isEmpty();
        entries.look(state(peers(IDENTITY, V6), true));
        assertThat(told).hasSize(1);
        entries.look(state(peers(IDENTITY, V4, V6), true));
        assertThat(told).as("back again").hasSize(1);
    }

    @Test
    void anIdentityOfALivingPodThatIsRemovedIsToldAgain() {
        entries.look(state(peers(IDENTITY, V4, V6), true));
        entries.look(state(peers(IDENTITY, V4, V6), false));
        assertThat(told).hasSize(1);
    }

    @Test
    void whatIsOnItsWayOrGoesWithItsPodIsLeftAlone() {
        entries.look(state(Map.of(), false));
        entries.look(state(peers(IDENTITY, V4), true));
        entries.look(state(peers(IDENTITY, V4, V6), true));
        entries.look(DesiredState.NOTHING.withPeers(Map.of(), Map.of()));
        assertThat(told).isEmpty();
    }

    @Test
    void aRoundInWhichNothingWasSaidCostsNothing() {
        DesiredState state = state(peers(IDENTITY, V4), true);
        entries.look(state);
        entries.look(state.withHostAddresses(Set.of(V4)));
        assertThat(told).isEmpty();
    }
}
