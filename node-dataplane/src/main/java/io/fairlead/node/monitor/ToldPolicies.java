package io.fairlead.node.monitor;

import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.policy.PolicyView;
import io.fairlead.node.policy.PolicyView.Judged;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Policies as they come in force, told of: which were taken in, which went, and the endpoints that are judged by others
 * than before or cannot be. A round while nobody listens costs two references. Used by one thread, the reconciler's.
 */
public final class ToldPolicies {
    private final AgentNotices notices;
    private DesiredState state = DesiredState.NOTHING; // owned by: reconciler
    private PolicyView view = PolicyView.NOTHING; // owned by: reconciler

    public ToldPolicies(AgentNotices notices) {
        this.notices = notices;
    }

    /**
     * A round of the reconciler ended.
     *
     * @param newState what was desired in it
     * @param newView how policies stand after it
     */
    public void round(DesiredState newState, PolicyView newView) {
        if (notices.heard()) {
            if (newState.policies() != state.policies()) {
                tellPolicies(newState.policies(), newState.revision());
            }
            newState.pods().values().forEach(pod -> tellEndpoint(pod, newState, newView));
        }
        state = newState;
        view = newView;
    }

    private void tellPolicies(Map<PolicyName, Policy> policies, long revision) {
        Map<PolicyName, Policy> changed = new TreeMap<>(policies);
        changed.entrySet()
                .removeIf(policy -> policy.getValue().equals(state.policies().get(policy.getKey())));
        Map<PolicyName, Policy> gone = new TreeMap<>(state.policies());
        gone.keySet().removeAll(policies.keySet());
        if (!changed.isEmpty()) {
            notices.policyUpdated(names(changed.keySet()), revision, rules(changed.values()));
        }
        if (!gone.isEmpty()) {
            notices.policyDeleted(names(gone.keySet()), revision, rules(gone.values()));
        }
    }

    private void tellEndpoint(Pod pod, DesiredState newState, PolicyView newView) {
        int identity = pod.identity().value();
        Judged now = newView.judged().get(identity);
        Judged before = before(pod);
        if (now == null || before == null) {
            return;
        }
        List<String> labels = newState.identities().getOrDefault(identity, List.of());
        if (!now.ref().equals(before.ref())) {
            notices.endpointRegenerated(pod.id(), labels);
        }
        if (!now.error().isEmpty() && !now.error().equals(before.error())) {
            notices.endpointRegenerationFailed(pod.id(), labels, now.error());
        }
    }

    private @Nullable Judged before(Pod pod) {
        Pod known = state.pods().get(pod.device());
        return known == null || known.id() != pod.id()
                ? null
                : view.judged().get(known.identity().value());
    }

    private static List<String> names(Collection<PolicyName> policies) {
        return policies.stream().map(PolicyName::toString).toList();
    }

    private static int rules(Collection<Policy> policies) {
        return policies.stream().mapToInt(policy -> policy.rules().size()).sum();
    }
}
