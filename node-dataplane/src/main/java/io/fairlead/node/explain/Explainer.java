package io.fairlead.node.explain;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.explain.Party.Elsewhere;
import io.fairlead.node.explain.Party.Here;
import io.fairlead.node.explain.Party.Host;
import io.fairlead.node.explain.Party.Outside;
import java.util.Optional;

/** Answers questions about packets. Several threads may ask; a question blocks while the next node is asked. */
public final class Explainer {
    private static final int TTL = 64;
    private static final int SOURCE_PORT = 40000;

    private final Surroundings around;

    /** @param around this node */
    public Explainer(Surroundings around) {
        this.around = around;
    }

    /**
     * Follows a packet from its source as far as it comes.
     *
     * @throws IllegalArgumentException for a side that does not exist, or is not to be explained from this node
     * @throws io.fairlead.node.kernel.KernelException when a program cannot be run
     */
    public Explanation explain(Question question) {
        Parties parties = new Parties(around);
        Party source = parties.find("source", question.source());
        Party destination = parties.find("destination", question.destination());
        Ip.Family family = family(source, destination);
        Ip to = destination.ip(family).orElseThrow();
        Protocol protocol = protocol(question, family);
        Journey journey = new Journey(around, parties);
        Ip from = sender(parties, source, destination, family);
        int port = question.sourcePort() == 0 ? SOURCE_PORT : question.sourcePort();
        Packet packet = new Packet(from, to, protocol, port, question.port(), TTL);
        Party.Place place = source.place();
        if (place instanceof Here here) {
            return journey.fromPod(here.pod(), packet);
        }
        if (place instanceof Host) {
            return journey.fromHost(packet);
        }
        if (place instanceof Elsewhere elsewhere && !parties.isNode(from)) {
            throw new IllegalArgumentException("source: " + source.text() + " is a pod of node "
                    + parties.nodeName(elsewhere.node()) + " (expected: the command on that node)");
        }
        return journey.arriving(packet);
    }

    /**
     * Follows a packet that comes from the network.
     *
     * @param packet as it arrives here
     */
    public Explanation arriving(Packet packet) {
        return new Journey(around, new Parties(around)).arriving(packet);
    }

    private static Ip.Family family(Party source, Party destination) {
        for (Ip.Family family : Ip.Family.values()) {
            if (source.ip(family).isPresent() && destination.ip(family).isPresent()) {
                return family;
            }
        }
        throw new IllegalArgumentException("addresses: " + source.text() + " and " + destination.text()
                + " (expected: both of one family, IPv4 or IPv6)");
    }

    private static Protocol protocol(Question question, Ip.Family family) {
        Protocol echo = family == Ip.Family.V4 ? Protocol.ICMP : Protocol.ICMPV6;
        Protocol asked = question.protocol().orElse(question.port() == 0 ? echo : Protocol.TCP);
        // whoever asks for ICMP means that of the addresses
        Protocol protocol = asked.hasPorts() ? asked : echo;
        if (protocol.hasPorts() != (question.port() != 0)) {
            throw new IllegalArgumentException("port: " + question.port() + " with " + protocol + " (expected: "
                    + (protocol.hasPorts() ? "1 to 65535)" : "none)"));
        }
        return protocol;
    }

    /** The node speaks to its pods from its own address among theirs. */
    private static Ip sender(Parties parties, Party source, Party destination, Ip.Family family) {
        Ip own = source.ip(family).orElseThrow();
        boolean byName = source.text().equals("host");
        Optional<Ip> router = parties.router(family);
        if (byName && destination.place() instanceof Here && router.isPresent()) {
            return router.get();
        }
        if (source.place() instanceof Outside
                && !local(parties, destination.ip(family).orElseThrow())) {
            throw new IllegalArgumentException("source: " + source.text() + " to " + destination.text()
                    + " (expected: a packet that leaves from this node or is for it)");
        }
        return own;
    }

    private static boolean local(Parties parties, Ip ip) {
        return parties.isOwn(ip) || parties.isPodAddress(ip);
    }

    /** Hardware addresses of a pod's packet on its way to the node. */
    static byte[] frame(Pod pod, Packet packet) {
        return packet.frame(pod.mac(), pod.nodeMac());
    }

    /** Hardware addresses of a packet on a device of the node. */
    static byte[] frame(Mac device, Packet packet) {
        return packet.frame(device, device);
    }
}
