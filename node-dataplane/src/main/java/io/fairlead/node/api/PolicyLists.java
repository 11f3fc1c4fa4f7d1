package io.fairlead.node.api;

import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.bpf.PolicyMap.Counted;
import io.fairlead.node.policy.PolicyView;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.Tables;
import io.fairlead.proto.agent.v1.BpfPolicyEntry;
import io.fairlead.proto.agent.v1.EndpointPolicy;
import io.fairlead.proto.agent.v1.ListBpfPolicyRequest;
import io.fairlead.proto.agent.v1.ListBpfPolicyResponse;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** What judges the endpoints of this node, as the kernel has it. Any thread; calls that list entries block. */
public final class PolicyLists {
    private static final Map<Integer, String> PROTOCOLS =
            Map.of(1, "ICMP", 6, "TCP", 17, "UDP", 58, "ICMPv6", 132, "SCTP");
    private static final List<Integer> WITH_TYPES = List.of(1, 58);
    private static final Comparator<PolicyKey> ORDER = Comparator.comparing(PolicyKey::ingress)
            .reversed()
            .thenComparing(PolicyKey::identity, Integer::compareUnsigned)
            .thenComparing(PolicyKey::protocol)
            .thenComparing(PolicyKey::port)
            .thenComparing(PolicyKey::portBits);

    private final Reconciler reconciler;
    private final Supplier<Map<PolicyKey, Counted>> kernel;
    private final LongSupplier revision;

    /**
     * @param kernel reads the map "policies"
     * @param revision of the store that what is desired was read at
     */
    public PolicyLists(Reconciler reconciler, Supplier<Map<PolicyKey, Counted>> kernel, LongSupplier revision) {
        this.reconciler = reconciler;
        this.kernel = kernel;
        this.revision = revision;
    }

    /**
     * Entries that judge an endpoint, or each endpoint.
     *
     * @throws io.grpc.StatusRuntimeException NOT_FOUND when the node has no such endpoint
     */
    public ListBpfPolicyResponse list(ListBpfPolicyRequest request) {
        TreeMap<Integer, PodInterface> endpoints = new TreeMap<>();
        reconciler.observed().interfaces().values().stream()
                .filter(entry -> request.getEndpointId() == 0 || entry.id() == request.getEndpointId())
                .forEach(entry -> endpoints.put(entry.id(), entry));
        if (endpoints.isEmpty() && request.getEndpointId() != 0) {
            throw Status.NOT_FOUND
                    .withDescription(
                            "endpoint: " + request.getEndpointId() + " (expected: the id of an endpoint of this node)")
                    .asRuntimeException();
        }
        Map<PolicyKey, Counted> entries = kernel.get();
        Map<Integer, List<PolicyKey>> byPolicy = new HashMap<>();
        entries.keySet()
                .forEach(key -> byPolicy.computeIfAbsent(key.policy(), id -> new ArrayList<>())
                        .add(key));
        byPolicy.values().forEach(keys -> keys.sort(ORDER));
        PolicyView view = reconciler.policies();
        Map<Integer, List<String>> labels = labels(view);
        ListBpfPolicyResponse.Builder response = ListBpfPolicyResponse.newBuilder();
        endpoints
                .values()
                .forEach(endpoint -> byPolicy.getOrDefault(endpoint.policy().id(), List.of())
                        .forEach(key -> response.addEntries(
                                entry(key, entries.get(key), view, labels).setEndpointId(endpoint.id()))));
        return response.build();
    }

    /** What judges an endpoint; empty when the kernel does not know the endpoint. */
    public Optional<EndpointPolicy> of(int endpointId) {
        Tables tables = reconciler.observed();
        return tables.interfaces().values().stream()
                .filter(entry -> entry.id() == endpointId)
                .findFirst()
                .map(entry -> policy(entry, tables));
    }

    private EndpointPolicy policy(PodInterface endpoint, Tables tables) {
        PolicyRef ref = endpoint.policy();
        EndpointPolicy.Builder policy = EndpointPolicy.newBuilder()
                .setIngressEnforced(ref.ingress())
                .setEgressEnforced(ref.egress())
                .setAudit(ref.audit())
                .setId(ref.id())
                .setEntries(tables.policies().getOrDefault(ref.id(), Map.of()).size())
                .setRevision(revision.getAsLong());
        PolicyView.Judged judged =
                reconciler.policies().judged().get(endpoint.identity().value());
        if (judged == null) {
            return policy.setError("policies are not known yet; what was in force stays")
                    .build();
        }
        return policy.setError(judged.error()).addAllPolicies(judged.policies()).build();
    }

    private static BpfPolicyEntry.Builder entry(
            PolicyKey key, Counted counted, PolicyView view, Map<Integer, List<String>> labels) {
        return BpfPolicyEntry.newBuilder()
                .setVerdict(counted.entry().deny() ? "Deny" : "Allow")
                .setDirection(key.ingress() ? "Ingress" : "Egress")
                .setIdentity(key.identity())
                .addAllLabels(labels.getOrDefault(key.identity(), List.of()))
                .setPortProtocol(ports(key))
                .setBytes(counted.bytes())
                .setPackets(counted.packets())
                .setRule(view.ruleTexts().getOrDefault(counted.entry().rule(), ""))
                .setPrefix(key.portBits());
    }

    /** "ANY", "80/TCP", "8000-8007/TCP", "type 8/ICMP". */
    static String ports(PolicyKey key) {
        if (key.protocol() == 0) {
            return "ANY";
        }
        String protocol = PROTOCOLS.getOrDefault(key.protocol(), String.valueOf(key.protocol()));
        if (key.portBits() == 0) {
            return "ANY/" + protocol;
        }
        int last = key.port() + (1 << (16 - key.portBits())) - 1;
        String ports = last == key.port() ? String.valueOf(last) : key.port() + "-" + last;
        return (WITH_TYPES.contains(key.protocol()) ? "type " : "") + ports + "/" + protocol;
    }

    private Map<Integer, List<String>> labels(PolicyView view) {
        Map<Integer, List<String>> labels = new HashMap<>(ReservedIdentities.LABELS);
        labels.putAll(view.prefixLabels());
        labels.putAll(reconciler.state().identities());
        return labels;
    }
}
