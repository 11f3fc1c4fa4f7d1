package io.fairlead.contract.policy;

import java.util.List;

/**
 * A policy.
 *
 * @param name what names it
 * @param rules one for each spec of its document
 */
public record Policy(PolicyName name, List<Rule> rules) {
    public Policy {
        rules = List.copyOf(rules);
    }
}
