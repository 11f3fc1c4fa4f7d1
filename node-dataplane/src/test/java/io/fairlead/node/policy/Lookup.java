package io.fairlead.node.policy;

import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import java.util.Map;
import java.util.Optional;

/** What the datapath makes of the table of policies: the longest match for a peer and the longest for any. */
public final class Lookup {
    private Lookup() {}

    /** Whether a packet passes: as the programs do it, rules count only where something is enforced. */
    public static boolean passes(
            Map<PolicyKey, PolicyEntry> entries, PolicyRef ref, boolean ingress, int peer, int protocol, int port) {
        if (!(ingress ? ref.ingress() : ref.egress())) {
            return true;
        }
        Optional<PolicyEntry> own = longest(entries, ref.id(), ingress, peer, protocol, port);
        Optional<PolicyEntry> any = longest(entries, ref.id(), ingress, 0, protocol, port);
        if (own.filter(PolicyEntry::deny).isPresent()
                || any.filter(PolicyEntry::deny).isPresent()) {
            return false;
        }
        return own.isPresent() || any.isPresent();
    }

    private static Optional<PolicyEntry> longest(
            Map<PolicyKey, PolicyEntry> entries, int policy, boolean ingress, int peer, int protocol, int port) {
        for (int bits = 16; bits >= 0; bits--) {
            int leading = bits == 0 ? 0 : port & (0xffff << (16 - bits)) & 0xffff;
            PolicyEntry entry = entries.get(new PolicyKey(policy, ingress, peer, protocol, leading, bits));
            if (entry != null) {
                return Optional.of(entry);
            }
        }
        return Optional.ofNullable(entries.get(new PolicyKey(policy, ingress, peer, 0, 0, 0)));
    }
}
