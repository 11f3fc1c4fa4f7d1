package io.fairlead.node.explain;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.bpf.HookedPrograms.Ran;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * What explanations are made from. Several threads may ask.
 *
 * @param node this node
 * @param state what the node was told
 * @param endpoints pods of this node with their names
 * @param programs runs what is attached; empty when nothing is
 * @param routing of the node's own stack
 * @param peers the agents of other nodes
 * @param labels of an identity; none when it is not known
 * @param rules texts of policy rules
 */
public record Surroundings(
        LocalNode node,
        Supplier<DesiredState> state,
        Supplier<List<Endpoint>> endpoints,
        Programs programs,
        Routing routing,
        Peers peers,
        IntFunction<List<String>> labels,
        RuleTexts rules) {

    /** Runs the program at a hook: {@code HookedPrograms::run}. */
    @FunctionalInterface
    public interface Programs {
        Optional<Ran> run(Hook hook, byte[] frame);
    }

    /** The node's own devices and routes. */
    public interface Routing {
        /** Name of a device; "device 7" for one that is gone. */
        String device(int ifindex);

        /** Its hardware address; zero for one that has none. */
        Mac mac(String device);

        /** The way packets of the stack to an address take; empty when it has none. */
        Optional<Way> way(Ip destination);
    }

    /**
     * A route of the stack.
     *
     * @param device it leaves by
     * @param gateway next hop; empty for the destination itself
     * @param source address the node's own packets get
     */
    public record Way(String device, Optional<Ip> gateway, Optional<Ip> source) {}

    /** Other nodes' agents. */
    @FunctionalInterface
    public interface Peers {
        /**
         * Has another node explain a packet that arrives there.
         *
         * @param node its address
         * @throws RuntimeException naming the node when it gives no answer
         */
        Explanation arriving(Ip node, Packet packet);
    }
}
