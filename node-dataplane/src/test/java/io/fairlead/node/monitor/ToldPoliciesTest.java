package io.fairlead.node.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.PolicyName.Kind;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.policy.PolicyView;
import io.fairlead.node.policy.PolicyView.Judged;
import io.fairlead.node.policy.World;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ToldPoliciesTest {
    private static final PolicyName A = new PolicyName(Kind.CILIUM_NETWORK_POLICY, "default", "a");
    private static final PolicyName B = new PolicyName(Kind.NETWORK_POLICY, "default", "b");
    private static final PolicyRef FIRST = new PolicyRef(7, true, false, false);
    private static final PolicyRef SECOND = new PolicyRef(8, true, false, false);

    private final List<String> told = new ArrayList<>();
    private boolean heard = true;
    private final ToldPolicies policies = new ToldPolicies(new AgentNotices(new AgentEvents() {
        @Override
        public boolean heard() {
            return heard;
        }

        @Override
        public void tell(String type, String json) {
            told.add(type + ": " + json);
        }
    }));
    private final World world = new World();

    ToldPoliciesTest() {
        world.identities.put(1001, List.of("k8s:app=web"));
        world.local(5, 1001);
    }

    private static Policy policy(PolicyName name, int rules) {
        Rule rule = new Rule(Selector.ALL, List.of(), List.of(), true, false);
        return new Policy(name, Collections.nCopies(rules, rule));
    }

    private void round(long revision, PolicyRef ref, String error, Policy... all) {
        Map<PolicyName, Policy> byName = new TreeMap<>();
        for (Policy policy : all) {
            byName.put(policy.name(), policy);
        }
        DesiredState state =
                world.state().withPeers(Map.of(), Map.copyOf(world.identities), Map.copyOf(byName), revision);
        policies.round(state, new PolicyView(Map.of(1001, new Judged(ref, 1, List.of(), error)), Map.of(), Map.of()));
    }

    @Test
    void whatCameChangedAndWentIsToldWithItsRevisionAndTheEndpointsAfterIt() {
        round(1, PolicyRef.NONE, "");
        round(2, FIRST, "", policy(A, 1), policy(B, 2));
        round(3, SECOND, "", policy(A, 3));
        assertThat(told)
                .containsExactly(
                        "Policy updated: {\"labels\":[\"NetworkPolicy default/b\",\"CiliumNetworkPolicy default/a\"],"
                                + "\"revision\":2,\"rule_count\":3}",
                        "Endpoint regenerated: {\"id\":5,\"labels\":[\"k8s:app=web\"]}",
                        "Policy updated: {\"labels\":[\"CiliumNetworkPolicy default/a\"],\"revision\":3,\"rule_count\":3}",
                        "Policy deleted: {\"labels\":[\"NetworkPolicy default/b\"],\"revision\":3,\"rule_count\":2}",
                        "Endpoint regenerated: {\"id\":5,\"labels\":[\"k8s:app=web\"]}");
    }

    @Test
    void whatStaysIsNotToldAgainAndANewEndpointIsNotRegenerated() {
        round(1, FIRST, "", policy(A, 1));
        told.clear();
        round(2, FIRST, "", policy(A, 1));
        world.local(6, 1001);
        round(3, FIRST, "", policy(A, 1));
        assertThat(told).isEmpty();
    }

    @Test
    void anEndpointThatCannotBeJudgedAsPoliciesSayIsToldOnce() {
        round(1, FIRST, "");
        round(1, FIRST, "too many entries");
        round(1, FIRST, "too many entries");
        assertThat(told)
                .containsExactly("Failed endpoint regeneration: {\"id\":5,\"labels\":[\"k8s:app=web\"],"
                        + "\"error\":\"too many entries\"}");
    }

    @Test
    void whatHappenedWhileNobodyListenedIsNotNews() {
        heard = false;
        round(1, PolicyRef.NONE, "");
        round(2, FIRST, "", policy(A, 1));
        heard = true;
        round(2, FIRST, "", policy(A, 1));
        assertThat(told).isEmpty();
    }
}
