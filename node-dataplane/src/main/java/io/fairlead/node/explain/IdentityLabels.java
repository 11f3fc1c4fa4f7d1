package io.fairlead.node.explain;

import io.fairlead.contract.IdentityId;
import io.fairlead.node.desired.DesiredState;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Labels of identities: those that are the same everywhere, those the node was told, and the node's own. Several threads
 * may ask.
 *
 * @param state what the node was told
 * @param local labels of identities that are this node's own, as those of CIDRs; none for any other
 */
public record IdentityLabels(Supplier<DesiredState> state, IntFunction<List<String>> local)
        implements IntFunction<List<String>> {
    @Override
    public List<String> apply(int identity) {
        List<String> told = state.get().identities().getOrDefault(identity, List.of());
        if (!told.isEmpty()) {
            return told;
        }
        return new IdentityId(identity)
                .reserved()
                .map(reserved -> List.of("reserved:" + reserved.label()))
                .orElseGet(() -> local.apply(identity));
    }
}
