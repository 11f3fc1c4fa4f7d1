package io.fairlead.node.agent;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.runtime.config.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the agent was told.
 *
 * @param nodeName name of this node
 * @param nodeIp address other nodes reach it at; empty to take the first device's
 * @param devices names of the devices towards other nodes; none to find those with the node's address
 * @param nativeRoutingCidrs where pod CIDRs may lie; none for anywhere
 * @param autoDirectNodeRoutes whether to install a route to each other node's pod CIDR
 * @param mtu of pod devices, in bytes; 0 for the native device's
 * @param services where the control plane is
 * @param stateDir files and sockets of the agent
 * @param bpfRoot where maps and links are pinned, on a BPF file system
 * @param resyncInterval how often the kernel is compared in full
 */
record AgentConfig(
        NodeName nodeName,
        Optional<Ip> nodeIp,
        List<String> devices,
        List<Cidr> nativeRoutingCidrs,
        boolean autoDirectNodeRoutes,
        int mtu,
        Services services,
        Path stateDir,
        Path bpfRoot,
        Duration resyncInterval) {

    /** Addresses of the services. */
    record Services(HostPort identity, HostPort ipam, HostPort routes) {}

    AgentConfig {
        devices = List.copyOf(devices);
        nativeRoutingCidrs = List.copyOf(nativeRoutingCidrs);
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
