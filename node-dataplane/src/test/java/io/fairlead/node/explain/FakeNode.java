package io.fairlead.node.explain;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.explain.Surroundings.Routing;
import io.fairlead.node.explain.Surroundings.Way;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.bpf.Explained;
import io.fairlead.node.kernel.bpf.Explained.Onward;
import io.fairlead.node.kernel.bpf.HookedPrograms.Ran;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A node with two pods whose programs say what they are told to. */
public final class FakeNode implements Routing {
    static final Ip NODE = Ip.parse("192.168.2.31");
    static final Ip OTHER = Ip.parse("192.168.2.33");
    static final Ip ROUTER = Ip.parse("10.244.1.1");
    static final Ip A = Ip.parse("10.244.1.10");
    static final Ip B = Ip.parse("10.244.1.11");
    static final Ip REMOTE = Ip.parse("10.244.3.12");

    /** What each hook's program does: its name and what it writes down. */
    public final Map<Hook, Ran> programs = new HashMap<>();
    /** Packets that went on to other nodes. */
    final List<Packet> sent = new ArrayList<>();
    /** Frames the programs were given. */
    final List<byte[]> frames = new ArrayList<>();

    /** A program that hands the packet on. */
    public static Ran forwards(String program, Onward onward) {
        return new Ran(program, 7, met(Optional.of(onward), Optional.empty(), Optional.empty()));
    }

    static Ran drops(String program, int reason) {
        return new Ran(program, 2, met(Optional.empty(), Optional.of(reason), Optional.empty()));
    }

    static Explained met(Optional<Onward> onward, Optional<Integer> drop, Optional<Explained.Translated> snat) {
        return new Explained(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                snat,
                Optional.empty(),
                Optional.empty(),
                onward,
                drop);
    }

    /** The explainer of this node. */
    public Explainer explainer() {
        Map<Cidr, PeerRoute> routes = Map.of(
                Cidr.parse("10.244.1.0/24"), new PeerRoute(Cidr.parse("10.244.1.0/24"), NODE, "dev1", "default"),
                Cidr.parse("10.244.3.0/24"), new PeerRoute(Cidr.parse("10.244.3.0/24"), OTHER, "dev3", "default"));
        Map<Cidr, Peer> peers = Map.of(
                REMOTE.toCidr(),
                new Peer(new IpcacheEntry(new IdentityId(1012), Optional.of(OTHER)), "default", "server", "kvstore"),
                OTHER.toCidr(),
                new Peer(new IpcacheEntry(IdentityId.REMOTE_NODE, Optional.of(OTHER)), "", "", "node"));
        DesiredState state = new DesiredState(
                routes,
                peers,
                Map.of(),
                Map.of(),
                0,
                Map.of("lxca", pod(10, "lxca", A), "lxcb", pod(11, "lxcb", B)),
                Map.of(),
                Set.of(),
                Set.of(Source.values()),
                List.of());
        LocalNode node = new LocalNode(
                new NodeName("dev1"),
                new ClusterName("default"),
                NODE,
                List.of(Cidr.parse("10.244.1.0/24")),
                List.of(ROUTER));
        return new Explainer(new Surroundings(
                node,
                () -> state,
                List::of,
                (hook, frame) -> {
                    frames.add(frame);
                    return Optional.ofNullable(programs.get(hook));
                },
                this,
                (ip, packet) -> {
                    sent.add(packet);
                    return new Explanation(
                            List.of(new Explanation.Hop("dev3", "from_netdev", "ens33 ingress", List.of())),
                            true,
                            "to " + packet.destination());
                },
                identity -> List.of(),
                RuleTexts.NONE));
    }

    private static Pod pod(int id, String device, Ip ip) {
        Mac mac = Mac.parse("02:aa:00:00:00:0" + (id - 9));
        return new Pod(id, device, id, new IdentityId(1000 + id), Optional.of(ip), Optional.empty(), mac, mac, true);
    }

    @Override
    public String device(int ifindex) {
        return "device " + ifindex;
    }

    @Override
    public Mac mac(String device) {
        return Mac.parse("02:cc:00:00:00:01");
    }

    @Override
    public Optional<Way> way(Ip destination) {
        return destination.equals(Ip.parse("198.51.100.1"))
                ? Optional.empty()
                : Optional.of(new Way("ens33", Optional.of(Ip.parse("192.168.2.2")), Optional.empty()));
    }
}
