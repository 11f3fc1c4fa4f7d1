package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import java.util.Optional;

/**
 * What a packet that asks to be explained met in one program: struct explanation of the C, each part that holds
 * something.
 *
 * @param identities who sends to whom
 * @param connection what the packet is to its connection: "new", "established", "reply", "related", "reopened"
 * @param egress of the sender's policy
 * @param ingress of the receiver's policy
 * @param masquerade what the source became
 * @param reverse what the destination became
 * @param route of the lookup the program made
 * @param forwarded where the packet goes on
 * @param dropReason number of the reason it ends here
 */
public record Explained(
        Optional<Identities> identities,
        Optional<String> connection,
        Optional<Judgement> egress,
        Optional<Judgement> ingress,
        Optional<Translated> masquerade,
        Optional<Translated> reverse,
        Optional<Looked> route,
        Optional<Onward> forwarded,
        Optional<Integer> dropReason) {

    /** The program wrote nothing down: it left the packet as it was. */
    public static final Explained NOTHING = new Explained(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    /** Identities of both sides, and their endpoints where they are of this node, else 0. */
    public record Identities(int source, int destination, int sourceEndpoint, int destinationEndpoint) {}

    /**
     * What a policy says.
     *
     * @param reason 0 when it lets the packet pass, else the number of the drop reason
     * @param rule the agent's number for the rule that decided, 0 for none
     * @param match how it matched: "none", "L3-Only" and the like
     */
    public record Judgement(int reason, int rule, String match) {}

    /** An address and port that took the place of another. */
    public record Translated(Ip address, int port) {}

    /**
     * A lookup of the route.
     *
     * @param result of bpf_fib_lookup, 0 for found
     * @param ifindex the device
     * @param nextHop address the frame is for; empty for the destination itself or when nothing was found
     */
    public record Looked(int result, int ifindex, Optional<Ip> nextHop) {}

    /** Where a packet goes on. */
    public enum Onward {
        TO_ENDPOINT,
        TO_HOST,
        TO_STACK,
        TO_NETWORK
    }
}
