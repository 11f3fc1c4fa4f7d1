package io.fairlead.node.explain;

import java.util.Optional;

/** What a person calls the rules that policy entries are numbered by. Several threads may call. */
@FunctionalInterface
public interface RuleTexts {
    /** No rule has a name. */
    RuleTexts NONE = rule -> Optional.empty();

    /** The rule with this number: policy, direction and place, such as "default/web ingress 2"; empty when unknown. */
    Optional<String> text(int rule);
}
