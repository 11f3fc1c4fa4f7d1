package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.node.kernel.PolicyRef;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How policies stand, for whoever asks. Immutable.
 *
 * @param judged what judges an identity of this node, by its number
 * @param ruleTexts rules by their number: "CiliumNetworkPolicy default/web ingress[0]"
 * @param prefixes identities only this node knows, by prefix
 */
public record PolicyView(Map<Integer, Judged> judged, Map<Integer, String> ruleTexts, Map<Cidr, Integer> prefixes) {
    /** Labels of the identities only this node knows, by their numbers. */
    public Map<Integer, List<String>> prefixLabels() {
        Map<Integer, List<String>> labels = new HashMap<>();
        prefixes.forEach((prefix, identity) -> labels.put(identity, List.of("cidr:" + prefix, "reserved:world")));
        return labels;
    }

    /** Before anything was said. */
    public static final PolicyView NOTHING = new PolicyView(Map.of(), Map.of(), Map.of());

    /**
     * What judges an identity.
     *
     * @param ref what its endpoints point at
     * @param entries how many entries that has
     * @param policies those whose rules were last to be put in force
     * @param error why what should judge it does not, or not in full; empty when it does
     */
    public record Judged(PolicyRef ref, int entries, List<String> policies, String error) {}
}
