package io.fairlead.node.agent;

import io.fairlead.node.datapath.DatapathChecks;
import io.fairlead.runtime.grpc.tls.TlsKeys;
import io.fairlead.runtime.process.ServiceProcess;

/** The node agent's process. */
public final class AgentMain {
    private AgentMain() {}

    /** Runs until SIGTERM. Pods keep talking afterwards: what carries their packets stays in the kernel. */
    public static void main(String[] args) {
        ServiceProcess process =
                new ServiceProcess("fairlead-agent", "keeps one node's routes, eBPF maps and pods", "127.0.0.1:9879");
        AgentKeys keys = new AgentKeys(process.keys());
        TlsKeys tlsKeys = new TlsKeys(process.keys());
        process.main(
                args,
                (config, life) -> life.vertx().executeBlocking(() -> {
                    AgentConfig own = keys.from(config);
                    DatapathChecks.require(own.datapath());
                    new Agent(own, tlsKeys.from(config, life), life).start();
                    return null;
                }));
    }
}
