package io.fairlead.node.agent;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.datapath.DatapathSettings;
import io.fairlead.runtime.config.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the agent was told.
 *
 * @param nodeName name of this node
 * @param nodeIp address other nodes reach it at; empty to take the first device's
 * @param devices names of the devices towards other nodes; none to find those with the node's address
 * @param autoDirectNodeRoutes whether to install a route to each other node's pod CIDR
 * @param mtu of pod devices, in bytes; 0 for the native device's
 * @param services where the control plane is
 * @param stateDir files and sockets of the agent
 * @param bpfRoot where maps and links are pinned, on a BPF file system
 * @param resyncInterval how often the kernel is compared in full
 * @param peerPort where agents ask each other
 * @param datapath how packets are treated
 */
record AgentConfig(
        NodeName nodeName,
        Optional<Ip> nodeIp,
        List<String> devices,
        boolean autoDirectNodeRoutes,
        int mtu,
        Services services,
        Path stateDir,
        Path bpfRoot,
        Duration resyncInterval,
        int peerPort,
        DatapathSettings datapath) {

    private static final List<Cidr> EVERYTHING = List.of(Cidr.parse("0.0.0.0/0"), Cidr.parse("::/0"));

    /** Addresses of the services' replicas, at least one each. */
    record Services(List<HostPort> identity, List<HostPort> ipam, List<HostPort> routes) {
        Services {
            identity = List.copyOf(identity);
            ipam = List.copyOf(ipam);
            routes = List.copyOf(routes);
        }
    }

    AgentConfig {
        devices = List.copyOf(devices);
    }

    /**
     * Where pod CIDRs may lie; none for anywhere. A family that nothing was said of may lie anywhere too.
     */
    List<Cidr> routableCidrs() {
        List<Cidr> said = datapath.masquerade().nativeCidrs();
        List<Cidr> routable = new ArrayList<>(said);
        for (Cidr all : said.isEmpty() ? List.<Cidr>of() : EVERYTHING) {
            if (said.stream().noneMatch(cidr -> cidr.family() == all.family())) {
                routable.add(all);
            }
        }
        return List.copyOf(routable);
    }

    /** The socket the CNI plugin asks. */
    Path cniSocket() {
        return stateDir.resolve("cni.sock");
    }

    /** The socket the fairlead command asks. */
    Path apiSocket() {
        return stateDir.resolve("agent.sock");
    }
}
