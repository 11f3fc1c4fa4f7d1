package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What the hooks should decide, said plainly: connections and policy, without time. */
final class JudgeModel {
    static final int TCP = 6;
    static final int SYN = 2;
    static final int ACK = 16;
    static final int FIN = 1;
    static final int RST = 4;

    final Map<PolicyKey, PolicyEntry> policies = new HashMap<>();
    final Map<Ip, PolicyRef> pods = new HashMap<>();
    private final Map<Ip, Integer> identities;
    private final Map<String, Connection> connections = new HashMap<>();

    JudgeModel(Map<Ip, Integer> identities) {
        this.identities = identities;
    }

    /** As if all connections had ended long ago. */
    void forgetConnections() {
        connections.clear();
    }

    /** A packet; icmpType counts for ICMP only, whose ports are as connection tracking has them. */
    record Packet(Ip src, Ip dst, int protocol, int sport, int dport, int icmpType, int tcpFlags) {}

    private static final class Connection {
        final Ip beganBy;
        final int port;
        boolean ingress;
        boolean egress;
        int ingressPolicy;
        int egressPolicy;
        int srcIdentity;
        int dstIdentity;
        boolean closing;
        boolean ingressForbidden;
        boolean egressForbidden;

        boolean forbidden() {
            return ingressForbidden || egressForbidden;
        }

        Connection(Packet first) {
            beganBy = first.src();
            port = first.sport();
        }
    }

    /** Why the packet ends; empty when it passes. The sender's egress is judged if it is a pod, likewise the receiver. */
    Optional<DropReason> send(Packet packet) {
        String key = key(packet);
        Connection connection = connections.get(key);
        boolean syn = packet.protocol() == TCP && (packet.tcpFlags() & (SYN | ACK)) == SYN;
        if (connection != null && (connection.closing || connection.forbidden()) && syn) {
            connection = null;
        }
        if (connection != null && turned(packet, isReply(connection, packet))) {
            connection = null;
        }
        boolean isNew = connection == null;
        Connection now = isNew ? new Connection(packet) : connection;
        boolean reply = !isNew && isReply(now, packet);
        PolicyRef sender = pods.get(packet.src());
        if (sender != null) {
            Optional<DropReason> reason = judge(packet, now, isNew, reply, sender, false);
            if (reason.isPresent()) {
                return reason;
            }
        }
        PolicyRef receiver = pods.get(packet.dst());
        if (receiver != null) {
            Optional<DropReason> reason = judge(packet, now, isNew, reply, receiver, true);
            if (reason.isPresent()) {
                return reason;
            }
        }
        int flags = packet.protocol() == TCP ? packet.tcpFlags() : 0;
        if ((flags & (FIN | RST)) != 0) {
            now.closing = true;
        }
        connections.put(key, now);
        return Optional.empty();
    }

    private static boolean isReply(Connection connection, Packet packet) {
        return !(connection.beganBy.equals(packet.src()) && connection.port == packet.sport());
    }

    /** A query of ICMP that looks like an answer by its id, or the other way. */
    private static boolean turned(Packet packet, boolean reply) {
        boolean icmp = packet.protocol() == 1 || packet.protocol() == 58;
        return icmp && reply == (packet.icmpType() == 8 || packet.icmpType() == 128);
    }

    private Optional<DropReason> judge(
            Packet packet, Connection connection, boolean isNew, boolean reply, PolicyRef policy, boolean ingress) {
        if (!isNew && reply && connection.forbidden()) {
            return Optional.of(DropReason.DROP_POLICY);
        }
        boolean judged = ingress != reply ? connection.ingress : connection.egress;
        int peer = identities.getOrDefault(ingress ? packet.src() : packet.dst(), 2);
        boolean refused = ingress ? connection.ingressForbidden : connection.egressForbidden;
        if (!isNew && judged && (reply || !refused)) {
            boolean current = ingress
                    ? connection.ingressPolicy == policy.id() && connection.srcIdentity == peer
                    : connection.egressPolicy == policy.id() && connection.dstIdentity == peer;
            if (reply || current) {
                return Optional.empty();
            }
        }
        Optional<DropReason> reason = verdict(packet, policy, peer, ingress);
        if (!reply && ingress) {
            connection.ingressForbidden = reason.isPresent();
        } else if (!reply) {
            connection.egressForbidden = reason.isPresent();
        }
        if (reason.isEmpty() && !reply) {
            if (ingress) {
                connection.ingress = true;
                connection.ingressPolicy = policy.id();
                connection.srcIdentity = peer;
            } else {
                connection.egress = true;
                connection.egressPolicy = policy.id();
                connection.dstIdentity = peer;
            }
        }
        return reason;
    }

    private Optional<DropReason> verdict(Packet packet, PolicyRef policy, int peer, boolean ingress) {
        if (!(ingress ? policy.ingress() : policy.egress())) {
            return Optional.empty();
        }
        boolean icmp = packet.protocol() == 1 || packet.protocol() == 58;
        int port = icmp ? packet.icmpType() : packet.dport();
        Optional<PolicyEntry> own = longest(policy.id(), ingress, peer, packet.protocol(), port);
        Optional<PolicyEntry> any = longest(policy.id(), ingress, 0, packet.protocol(), port);
        boolean denied = own.filter(PolicyEntry::deny).isPresent()
                || any.filter(PolicyEntry::deny).isPresent();
        boolean allowed = own.isPresent() || any.isPresent();
        if (policy.audit() || (allowed && !denied)) {
            return Optional.empty();
        }
        return Optional.of(denied ? DropReason.DROP_POLICY_DENY : DropReason.DROP_POLICY);
    }

    private Optional<PolicyEntry> longest(int policy, boolean ingress, int identity, int protocol, int port) {
        for (int bits = 16; bits >= 0; bits--) {
            int prefix = port & (0xffff << (16 - bits)) & 0xffff;
            PolicyEntry entry = policies.get(new PolicyKey(policy, ingress, identity, protocol, prefix, bits));
            if (entry != null) {
                return Optional.of(entry);
            }
        }
        return Optional.ofNullable(policies.get(new PolicyKey(policy, ingress, identity, 0, 0, 0)));
    }

    private static String key(Packet packet) {
        String one = packet.src() + " " + packet.sport();
        String other = packet.dst() + " " + packet.dport();
        return packet.protocol() + " " + (one.compareTo(other) < 0 ? one + " " + other : other + " " + one);
    }
}
