package io.fairlead.node.datapath;

import io.fairlead.contract.Cidr;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.reconcile.Ground;
import io.fairlead.node.status.Controller;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What pods' packets leave the node as, kept with the ground that tables stand on: devices, addresses and the
 * ip-masq-agent file are looked at before every full look. Called by the reconciler's thread.
 */
final class MasqueradeGround implements Ground {
    private final Ground inner;
    private final LocalNode node;
    private final DatapathMode.Masquerade mode;
    private final Supplier<List<Addr>> addresses;
    private final MasqueradeTables tables;
    private final Optional<AgentFile> agent;

    /** The ip-masq-agent file, and where is said how reading it goes. */
    record AgentFile(MasqAgentFile file, Controller controller) {}

    /**
     * @param inner the rest of the ground
     * @param addresses all of the node's, as they are now
     */
    MasqueradeGround(
            Ground inner,
            LocalNode node,
            DatapathMode.Masquerade mode,
            Supplier<List<Addr>> addresses,
            MasqueradeTables tables,
            Optional<AgentFile> agent) {
        this.inner = inner;
        this.node = node;
        this.mode = mode;
        this.addresses = addresses;
        this.tables = tables;
        this.agent = agent;
    }

    @Override
    public Look look(DesiredState state) {
        Look look = inner.look(state);
        List<String> problems = new ArrayList<>(look.problems());
        problems.addAll(write(state.podCidrs(node), look.nativeDevices().values()));
        return new Look(look.nativeDevices(), look.hostAddresses(), look.repaired(), problems);
    }

    /** What could not be done; what was there stays then. */
    private List<String> write(List<Cidr> podCidrs, Collection<Integer> devices) {
        try {
            Set<Cidr> agentCidrs = agentCidrs();
            return tables.write(MasqueradeDesired.of(
                            mode, node.addresses(), podCidrs, agentCidrs, devices, addresses.get()))
                    .problems();
        } catch (KernelException | IllegalArgumentException e) {
            return List.of("masquerade: " + e.getMessage());
        }
    }

    private Set<Cidr> agentCidrs() {
        if (agent.isEmpty()) {
            return Set.of();
        }
        Set<Cidr> cidrs = agent.get().file().read();
        Controller controller = agent.get().controller();
        agent.get().file().problem().ifPresentOrElse(controller::failed, controller::succeeded);
        return cidrs;
    }
}
