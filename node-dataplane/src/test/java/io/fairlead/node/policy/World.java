package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Label;
import io.fairlead.contract.Mac;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.IpcacheEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the cluster says, to be altered between two rounds, and the other ends a packet may come from or go to. */
public final class World {
    /** Addresses outside the cluster: within and beside the prefixes of {@link Cases}. */
    private static final List<Ip> OUTSIDE = List.of(
            Ip.parse("172.16.1.7"),
            Ip.parse("172.16.1.8"),
            Ip.parse("172.16.2.1"),
            Ip.parse("172.17.0.1"),
            Ip.parse("172.18.0.1"),
            Ip.parse("10.244.9.9"),
            Ip.parse("9.9.9.9"));

    public final Map<Integer, List<String>> identities = new TreeMap<>();
    public final Map<Cidr, Peer> peers = new HashMap<>();
    public final Map<PolicyName, Policy> policies = new TreeMap<>();
    public final Map<String, Pod> pods = new TreeMap<>();

    public World() {
        peers.put(Cidr.parse("192.168.2.32/32"), peer(6));
    }

    /** Another pod somewhere, with an identity of these labels. */
    public void remote(int identity, List<String> labels) {
        identities.put(identity, labels);
        peers.put(address(identity).toCidr(), peer(identity));
    }

    /** A pod of this node. */
    public Pod local(int id, int identity) {
        Pod pod = new Pod(
                id,
                "lxc" + id,
                100 + id,
                new IdentityId(identity),
                Optional.of(Ip.v4(0x0af40020 + id)),
                Optional.empty(),
                new Mac(id),
                new Mac(1000 + id),
                true);
        pods.put(pod.device(), pod);
        return pod;
    }

    /** The address of the pod of an identity elsewhere. */
    public static Ip address(int identity) {
        return Ip.v4(0x0af41000 + identity);
    }

    /** All as it is now. */
    public DesiredState state() {
        return DesiredState.NOTHING
                .withPeers(Map.copyOf(peers), Map.copyOf(identities), Map.copyOf(policies), 1)
                .withPods(Map.copyOf(pods));
    }

    /** Everybody a packet may be from or to. */
    public List<Model.Other> others() {
        List<Model.Other> others = new ArrayList<>();
        others.add(new Model.Other(1, List.of(Label.parse("reserved:host")), Ip.parse("192.168.2.31")));
        for (Ip ip : OUTSIDE) {
            others.add(new Model.Other(2, List.of(Label.parse("reserved:world")), ip));
        }
        peers.forEach((prefix, peer) -> {
            int identity = peer.entry().identity().value();
            others.add(new Model.Other(identity, labels(identity), prefix.address()));
        });
        return others;
    }

    /** Labels of an identity. */
    public List<Label> labels(int identity) {
        return identity == 6
                ? List.of(Label.parse("reserved:remote-node"))
                : identities.getOrDefault(identity, List.of()).stream()
                        .map(Label::parse)
                        .toList();
    }

    private static Peer peer(int identity) {
        return new Peer(
                new IpcacheEntry(new IdentityId(identity), Optional.empty()), "default", "pod-" + identity, "kvstore");
    }
}
