package io.fairlead.node.datapath;

import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.bpf.MasqueradeMap;
import io.fairlead.node.kernel.bpf.NoMasqueradeMap;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.reconcile.Ground;
import io.fairlead.node.status.Controllers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Keeps the maps of masquerade in step with devices, addresses, native CIDRs and the ip-masq-agent file. */
public final class Masquerade {
    private final LoadedDatapath loaded;
    private final LocalNode node;
    private final Controllers controllers;
    private final Optional<Path> file;

    public Masquerade(LoadedDatapath loaded, LocalNode node, Controllers controllers) {
        this.loaded = loaded;
        this.node = node;
        this.controllers = controllers;
        this.file = loaded.settings().masquerade().agentFile();
    }

    /**
     * The ground with the maps of masquerade, which are compared at every look.
     *
     * @param inner the rest of it
     * @param addresses all of the node's, as they are now
     */
    public Ground ground(Ground inner, Supplier<List<Addr>> addresses) {
        MasqueradeTables tables = new MasqueradeTables(
                new MasqueradeMap(loaded.spec(), loaded.object().map("masquerade")),
                new NoMasqueradeMap(loaded.spec(), loaded.object().map("no_masquerade")));
        return new MasqueradeGround(
                inner,
                node,
                loaded.mode().masquerade(),
                addresses,
                tables,
                file.map(path ->
                        new MasqueradeGround.AgentFile(new MasqAgentFile(path), controllers.get("ip-masq-agent"))));
    }

    /**
     * Watches the ip-masq-agent file, if there is to be one.
     *
     * @param changed called when it may be another, on a thread of its own
     */
    public AutoCloseable watch(Runnable changed) throws IOException {
        return file.isPresent() ? FileWatch.start(file.get(), changed) : () -> {};
    }
}
