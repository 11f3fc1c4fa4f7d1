package io.fairlead.node.policy;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Label;
import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** What policies mean, said as plainly as can be: every rule is looked at for every packet. */
public record Model(PolicySettings settings, Collection<Policy> policies) {
    private static final Set<Integer> CLUSTER = Set.of(1, 3, 4, 5, 6, 8);
    private static final List<Integer> WITH_PORTS = List.of(6, 17, 132);

    /**
     * The other end.
     *
     * @param identity its number; 2 for what is outside the cluster
     * @param labels of the identity
     * @param address where it is
     */
    public record Other(int identity, List<Label> labels, Ip address) {}

    /** Whether a packet passes. */
    public boolean passes(List<Label> subject, boolean ingress, Other peer, int protocol, int port) {
        if (settings.enforcement() == PolicySettings.Enforcement.NEVER) {
            return true;
        }
        boolean enforced = settings.enforcement() == PolicySettings.Enforcement.ALWAYS;
        boolean allowed = false;
        boolean denied = false;
        for (Policy policy : policies) {
            for (Rule rule : policy.rules()) {
                if (!rule.subject().selects(subject)) {
                    continue;
                }
                enforced |= ingress ? rule.enforcesIngress() : rule.enforcesEgress();
                for (DirectionRule direction : ingress ? rule.ingress() : rule.egress()) {
                    if (isAbout(direction, peer, protocol, port)) {
                        denied |= direction.deny();
                        allowed |= !direction.deny();
                    }
                }
            }
        }
        boolean own = ingress && peer.identity() == 1 && settings.localhost() == PolicySettings.Localhost.ALWAYS;
        return !denied && (allowed || own || !enforced);
    }

    private static boolean isAbout(DirectionRule rule, Other other, int protocol, int port) {
        boolean peers = rule.peers().isEmpty() || rule.peers().stream().anyMatch(peer -> is(peer, other));
        return peers && (rule.ports().isEmpty() || rule.ports().stream().anyMatch(ports -> is(ports, protocol, port)));
    }

    private static boolean is(Ports ports, int protocol, int port) {
        if (ports.protocol() == 0) {
            return ports.isAll() || (WITH_PORTS.contains(protocol) && ports.first() <= port && port <= ports.last());
        }
        return ports.protocol() == protocol && ports.first() <= port && port <= ports.last();
    }

    private static boolean is(Peer peer, Other other) {
        if (peer instanceof Peer.Labelled labelled) {
            return labelled.selector().selects(other.labels());
        } else if (peer instanceof Peer.Prefix prefix) {
            return other.identity() == 2
                    && prefix.cidr().contains(other.address())
                    && prefix.except().stream().noneMatch(except -> except.contains(other.address()));
        } else if (peer instanceof Peer.Named named) {
            int id = other.identity();
            return switch (named.entity()) {
                case ALL -> true;
                case HOST -> id == 1;
                case WORLD -> id == 2;
                case UNMANAGED -> id == 3;
                case HEALTH -> id == 4;
                case INIT -> id == 5;
                case REMOTE_NODE -> id == 6;
                case CLUSTER -> id >= 256 || CLUSTER.contains(id);
            };
        }
        return false;
    }
}
