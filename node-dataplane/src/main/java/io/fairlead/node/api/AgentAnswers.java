package io.fairlead.node.api;

import io.fairlead.contract.Cidr;
import java.util.List;
import java.util.function.Supplier;

/**
 * Who answers what of the {@code fairlead} command, beside the agent's core. All may be asked by any thread.
 *
 * @param endpoints what is known of pods, the host and the health endpoint
 * @param connections connections and translations, from the kernel
 * @param policies what judges endpoints, from the kernel
 * @param monitor events as they come
 * @param health what is known of other nodes
 * @param explain what would become of a packet
 * @param notMasqueraded destinations the ip-masq-agent file names, from the kernel
 */
public record AgentAnswers(
        EndpointDetails endpoints,
        ConnectionLists connections,
        PolicyLists policies,
        MonitorApi monitor,
        HealthApi health,
        ExplainApi explain,
        Supplier<List<Cidr>> notMasqueraded) {}
