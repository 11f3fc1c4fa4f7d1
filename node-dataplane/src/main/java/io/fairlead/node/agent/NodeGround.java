package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.reconcile.Ground;
import io.fairlead.node.wiring.HostDevices;
import io.fairlead.node.wiring.PodSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;

/**
 * Keeps the node's own pair, the settings of its devices and those of pods as they were made, and follows its native
 * devices and addresses as they come and go. Called by the reconciler's thread.
 */
final class NodeGround implements Ground {
    private final Netlink netlink;
    private final LocalNode node;
    private final AgentConfig config;
    private final HostDevices.End host;
    private final int mtu;
    private Map<String, Integer> nativeDevices; // owned by: reconciler
    private Set<Ip> addresses = Set.of(); // owned by: reconciler

    /**
     * @param host fl_host as the loaded programs know it
     * @param devices as found at the start
     */
    NodeGround(Netlink netlink, LocalNode node, AgentConfig config, HostDevices.End host, NodeDevices devices) {
        this.netlink = netlink;
        this.node = node;
        this.config = config;
        this.host = host;
        this.mtu = devices.mtu(config.mtu());
        this.nativeDevices = devices.byName();
    }

    @Override
    public Look look(DesiredState state) {
        List<String> problems = new ArrayList<>();
        int repaired = put(
                problems,
                () -> new HostDevices(netlink)
                        .restore(host, node.routers(), mtu)
                        .changes());
        // after the node's own: turning forwarding on opens every device that is there
        for (Pod pod : state.pods().values()) {
            repaired += put(problems, () -> PodSettings.ensure(pod.device()));
        }
        put(problems, () -> {
            nativeDevices = NodeDevices.find(netlink, config).byName();
            return 0;
        });
        put(problems, () -> {
            // pods reach the node at every address it has, and nobody else may claim one
            addresses = netlink.addresses().stream()
                    .filter(address -> address.scope() == Addr.GLOBAL)
                    .map(Addr::address)
                    .collect(Collectors.toUnmodifiableSet());
            return 0;
        });
        return new Look(nativeDevices, addresses, repaired, problems);
    }

    /** What fails is said, and does not keep the rest from being done: what was known stays. */
    private static int put(List<String> problems, IntSupplier part) {
        try {
            return part.getAsInt();
        } catch (KernelException | IllegalArgumentException e) {
            problems.add(String.valueOf(e.getMessage()));
            return 0;
        }
    }
}
