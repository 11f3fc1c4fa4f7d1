package io.fairlead.node.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.bpf.PolicyMap.Counted;
import io.fairlead.node.policy.World;
import io.fairlead.node.reconcile.FakeKernel;
import io.fairlead.proto.agent.v1.BpfPolicyEntry;
import io.fairlead.proto.agent.v1.EndpointPolicy;
import io.fairlead.proto.agent.v1.ListBpfPolicyRequest;
import io.grpc.StatusRuntimeException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PolicyListsTest {
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.31"),
            List.of(Cidr.parse("10.244.0.0/24")),
            List.of(Ip.parse("10.244.0.1")));
    private static final PolicyName NAME = new PolicyName(PolicyName.Kind.CILIUM_NETWORK_POLICY, "default", "web");

    private final FakeKernel kernel = new FakeKernel(NODE);
    private final World world = new World();
    private final PolicyLists lists = new PolicyLists(kernel.reconciler(), this::counted, () -> 42);

    @AfterEach
    void stop() {
        kernel.close();
    }

    @Test
    void anEndpointsPolicyAndItsEntriesAreWhatTheKernelHas() throws Exception {
        give();
        EndpointPolicy policy = lists.of(7).orElseThrow();
        assertThat(policy.getIngressEnforced()).isTrue();
        assertThat(policy.getEgressEnforced()).isFalse();
        assertThat(policy.getEntries()).isEqualTo(3);
        assertThat(policy.getRevision()).isEqualTo(42);
        assertThat(policy.getError()).isEmpty();
        assertThat(policy.getPoliciesList()).containsExactly("CiliumNetworkPolicy default/web");
        List<BpfPolicyEntry> entries =
                lists.list(ListBpfPolicyRequest.getDefaultInstance()).getEntriesList();
        assertThat(entries)
                .extracting(BpfPolicyEntry::getPortProtocol)
                .containsExactly("ANY", "type 8/ICMP", "8000-8007/TCP");
        assertThat(entries.get(2).getLabelsList()).containsExactly("cidr:10.0.0.0/8", "reserved:world");
        assertThat(entries.get(2).getRule()).isEqualTo("CiliumNetworkPolicy default/web ingress[0]");
        assertThat(entries.get(2).getPackets()).isEqualTo(3);
        assertThat(entries.get(0).getLabelsList()).containsExactly("reserved:host");
    }

    @Test
    void anEndpointTheNodeDoesNotHaveIsSaid() throws Exception {
        give();
        assertThat(lists.of(8)).isEmpty();
        assertThatThrownBy(() -> lists.list(
                        ListBpfPolicyRequest.newBuilder().setEndpointId(8).build()))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("endpoint: 8 (expected:");
    }

    private void give() throws Exception {
        world.identities.put(300, List.of("k8s:app=web"));
        world.local(7, 300);
        DirectionRule rule = new DirectionRule(
                false,
                List.of(new Peer.Prefix(Cidr.parse("10.0.0.0/8"), List.of())),
                List.of(new Ports(6, 8000, 8007), new Ports(1, 8, 8)));
        world.policies.put(
                NAME, new Policy(NAME, List.of(new Rule(Selector.ALL, List.of(rule), List.of(), true, false))));
        kernel.reconciler().update(state -> world.state()).get(5, TimeUnit.SECONDS);
    }

    private Map<PolicyKey, Counted> counted() {
        Map<PolicyKey, Counted> entries = new HashMap<>();
        kernel.reconciler()
                .observed()
                .policies()
                .values()
                .forEach(all -> all.forEach(
                        (PolicyKey key, PolicyEntry entry) -> entries.put(key, new Counted(entry, 3, 300))));
        return entries;
    }
}
