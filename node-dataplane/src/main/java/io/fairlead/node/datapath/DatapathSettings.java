package io.fairlead.node.datapath;

import io.fairlead.contract.Cidr;
import io.fairlead.node.kernel.bpf.DatapathConfig.Lifetimes;
import io.fairlead.node.kernel.bpf.DatapathConfig.Ports;
import io.fairlead.node.kernel.bpf.SettingsMap;
import io.fairlead.node.policy.PolicySettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the agent was told of its datapath.
 *
 * @param legacyHostRouting packets take the way through the stack
 * @param debug programs write debug messages when somebody listens
 * @param masquerade which packets leave from the node's address
 * @param policy when policies are enforced, and how large they may be
 * @param monitor how much is traced
 * @param maps how large maps are
 * @param connections how long connections live
 * @param health which probes run
 */
public record DatapathSettings(
        boolean legacyHostRouting,
        boolean debug,
        Masquerade masquerade,
        PolicySettings policy,
        Monitor monitor,
        Maps maps,
        Connections connections,
        Health health) {

    /** The same for a node whose pods have no IPv4: nothing of it is masqueraded. */
    public DatapathSettings withoutIpv4() {
        Masquerade less = new Masquerade(
                false,
                masquerade.ipv6(),
                masquerade.bpf(),
                masquerade.remoteNodes(),
                masquerade.nativeCidrs(),
                masquerade.agentFile(),
                masquerade.ports());
        return new DatapathSettings(legacyHostRouting, debug, less, policy, monitor, maps, connections, health);
    }

    /**
     * Which packets leave from the node's address.
     *
     * @param ipv4 pods' packets of IPv4
     * @param ipv6 those of IPv6, when the node has IPv6
     * @param bpf before the stack sees them, as BPF host routing needs it
     * @param remoteNodes also those to other nodes' addresses
     * @param nativeCidrs destinations that see pods' own addresses, both families
     * @param agentFile names more of them, when ip-masq-agent is on
     * @param ports those that translated flows may have
     */
    public record Masquerade(
            boolean ipv4,
            boolean ipv6,
            boolean bpf,
            boolean remoteNodes,
            List<Cidr> nativeCidrs,
            Optional<Path> agentFile,
            Ports ports) {
        public Masquerade {
            nativeCidrs = List.copyOf(nativeCidrs);
        }

        /** Whether a family is masqueraded on a node that has this family or not. */
        boolean on(boolean nodeHasIpv6) {
            return ipv4 || (ipv6 && nodeHasIpv6);
        }
    }

    /**
     * How much is traced.
     *
     * @param aggregation how much of what goes the same way
     * @param interval how often a connection from MEDIUM on
     * @param tcpFlags bits whose first sight is traced from MEDIUM on
     */
    public record Monitor(SettingsMap.Aggregation aggregation, Duration interval, int tcpFlags) {
        /** As the datapath has it while nobody listens. */
        public SettingsMap.Settings settings() {
            return new SettingsMap.Settings(Set.of(), aggregation, interval, tcpFlags);
        }
    }

    /**
     * How large maps are: entries, or empty to follow the memory.
     *
     * @param ctTcp connections of TCP, each family
     * @param ctAny other connections, each family
     * @param nat translations, each family
     * @param policy most entries of one policy
     * @param fragments datagrams in fragments
     * @param ratio share of the machine's memory for connections and translations; 0 for fixed sizes
     */
    public record Maps(
            Optional<Integer> ctTcp,
            Optional<Integer> ctAny,
            Optional<Integer> nat,
            int policy,
            int fragments,
            double ratio) {}

    /**
     * How long connections live.
     *
     * @param lifetimes without a packet
     * @param gcInterval between two sweeps; zero to follow what they find
     */
    public record Connections(Lifetimes lifetimes, Duration gcInterval) {}

    /**
     * Which probes run.
     *
     * @param nodes between nodes
     * @param endpoints between the health endpoints of nodes
     * @param port where a health endpoint and the agent answer HTTP
     */
    public record Health(boolean nodes, boolean endpoints, int port) {}
}
