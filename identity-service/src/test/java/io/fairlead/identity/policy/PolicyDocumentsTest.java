package io.fairlead.identity.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.PolicyName.Kind;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What documents mean. */
class PolicyDocumentsTest {
    private static final String NS = "k8s:io.kubernetes.pod.namespace In[default]";
    private static final String ANY_NS = "k8s:io.kubernetes.pod.namespace Exists";
    private static final String DEFAULT = "{" + NS + "}";

    private static Arguments np(String spec, String... expected) {
        return Arguments.of("networking.k8s.io/v1", "NetworkPolicy", spec, String.join("\n", expected));
    }

    private static Arguments cnp(String spec, String... expected) {
        return Arguments.of("cilium.io/v2", "CiliumNetworkPolicy", spec, String.join("\n", expected));
    }

    private static Arguments ccnp(String spec, String... expected) {
        return Arguments.of("cilium.io/v2", "CiliumClusterwideNetworkPolicy", spec, String.join("\n", expected));
    }

    static Stream<Arguments> kubernetes() {
        return Stream.of(
                np("{podSelector: {}}", "for " + DEFAULT + ", enforces ingress"),
                np("{podSelector: {}, ingress: []}", "for " + DEFAULT + ", enforces ingress"),
                np("{podSelector: {}, ingress: [{}]}", "for " + DEFAULT + ", enforces ingress", "allow from any"),
                np(
                        "{podSelector: {}, ingress: [{from: [], ports: []}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from any"),
                np("{podSelector: {}, egress: []}", "for " + DEFAULT + ", enforces ingress"),
                np(
                        "{podSelector: {}, egress: [{}]}",
                        "for " + DEFAULT + ", enforces ingress, enforces egress",
                        "allow to any"),
                np("{podSelector: {}, policyTypes: [Egress]}", "for " + DEFAULT + ", enforces egress"),
                np(
                        "{podSelector: {}, policyTypes: [], egress: [{}]}",
                        "for " + DEFAULT + ", enforces ingress, enforces egress",
                        "allow to any"),
                np("{podSelector: {}, policyTypes: [Egress], ingress: [{}]}", "for " + DEFAULT + ", enforces egress"),
                np(
                        "{podSelector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn,"
                                + " values: [a, b]}, {key: old, operator: DoesNotExist}]}}",
                        "for {k8s:app In[web] & k8s:tier NotIn[a, b] & k8s:old DoesNotExist & " + NS
                                + "}, enforces ingress"),
                np(
                        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port:"
                                + " 80}, {port: 53, protocol: UDP}, {port: 8000, endPort: 8010}, {protocol: SCTP}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {k8s:app In[web] & " + NS + "} on 6/80, 17/53, 6/8000-8010, 132/*"),
                np(
                        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {" + ANY_NS + "}"),
                np(
                        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels:"
                                + " {kubernetes.io/metadata.name: prod}}, podSelector: {matchLabels: {app: web}}}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {k8s:app In[web] & " + ANY_NS + " & k8s:io.kubernetes.pod.namespace In[prod]}"),
                np(
                        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key:"
                                + " kubernetes.io/metadata.name, operator: NotIn, values: [prod]}]}}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {" + ANY_NS + " & k8s:io.kubernetes.pod.namespace NotIn[prod]}"),
                np(
                        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {" + ANY_NS + " & k8s:io.cilium.k8s.namespace.labels.team In[a]}"),
                np(
                        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.1.2.3/8, except: [10.1.0.0/16]}}, {ipBlock:"
                                + " {cidr: 'fd00::/8'}}]}], policyTypes: [Egress]}",
                        "for " + DEFAULT + ", enforces egress",
                        "allow to 10.0.0.0/8 but [10.1.0.0/16], fd00::/8"));
    }

    static Stream<Arguments> cilium() {
        return Stream.of(
                cnp(
                        "{endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{matchLabels: {app:"
                                + " db}}]}]}",
                        "for {any:app In[web] & " + NS + "}, enforces ingress",
                        "allow from {any:app In[db] & " + NS + "}"),
                cnp("{endpointSelector: {}, ingress: [{}]}", "for " + DEFAULT + ", enforces ingress"),
                cnp(
                        "{endpointSelector: {}, ingress: [{}], egress: [{}]}",
                        "for " + DEFAULT + ", enforces ingress, enforces egress"),
                cnp(
                        "{endpointSelector: {}, ingress: [], egress: [{toEntities: [all]}]}",
                        "for " + DEFAULT + ", enforces egress",
                        "allow to all"),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromEndpoints: []}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from nobody"),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from " + DEFAULT),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace':"
                                + " prod, 'k8s:app': web}}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {k8s:io.kubernetes.pod.namespace In[prod] & k8s:app In[web]}"),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromEndpoints: [{matchExpressions: [{key:"
                                + " io.kubernetes.pod.namespace, operator: Exists}]}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {any:io.kubernetes.pod.namespace Exists}"),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels:"
                                + " {'k8s:io.cilium.k8s.namespace.labels.team': a}}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {k8s:io.cilium.k8s.namespace.labels.team In[a]}"),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {'reserved:host': ''}}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "allow from {reserved:host In[]}"),
                cnp(
                        "{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: '80'}, {port: '53', protocol: UDP},"
                                + " {port: '8000', endPort: 8010, protocol: TCP}]}]}]}",
                        "for " + DEFAULT + ", enforces egress",
                        "allow to any on 6/80, 17/80, 132/80, 17/53, 6/8000-8010"),
                cnp(
                        "{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: '0'}, {port: '0', protocol: TCP},"
                                + " {port: 443, protocol: tcp}]}]}]}",
                        "for " + DEFAULT + ", enforces egress",
                        "allow to any on 0/*, 6/*, 6/443"),
                cnp(
                        "{endpointSelector: {}, egress: [{icmps: [{fields: [{type: 8}, {family: IPv6, type: EchoRequest},"
                                + " {type: EchoReply}, {family: IPv4, type: '3'}]}]}]}",
                        "for " + DEFAULT + ", enforces egress",
                        "allow to any on 1/8, 58/128, 1/0, 1/3"),
                cnp(
                        "{endpointSelector: {}, egress: [{toCIDR: [10.0.0.0/8, 192.0.2.1], toCIDRSet: [{cidr:"
                                + " 172.16.0.0/12, except: [172.16.1.0/24]}], toEntities: [world, remote-node, host]}]}",
                        "for " + DEFAULT + ", enforces egress",
                        "allow to world, remote-node, host, 10.0.0.0/8, 192.0.2.1/32, 172.16.0.0/12 but [172.16.1.0/24]"),
                cnp(
                        "{endpointSelector: {}, egress: [{toEntities: [world-ipv4, world-ipv6, none]}]}",
                        "for " + DEFAULT + ", enforces egress",
                        "allow to 0.0.0.0/0, ::/0, nobody"),
                cnp(
                        "{endpointSelector: {}, ingressDeny: [{fromEntities: [world], toPorts: [{ports: [{port: '22',"
                                + " protocol: TCP}]}]}], egressDeny: [{toCIDR: [10.0.0.0/8]}]}",
                        "for " + DEFAULT + ", enforces ingress, enforces egress",
                        "deny from world on 6/22",
                        "deny to 10.0.0.0/8"),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromEntities: [cluster]}], enableDefaultDeny: {ingress: false,"
                                + " egress: true}}",
                        "for " + DEFAULT + ", enforces egress",
                        "allow from cluster"),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromRequires: [{matchLabels: {env: prod}}], fromEndpoints:"
                                + " [{matchLabels: {app: web}}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "deny from {" + ANY_NS + " & any:env NotIn[prod]}, {" + ANY_NS
                                + " & k8s:io.kubernetes.pod.namespace NotIn[default]}",
                        "allow from {any:app In[web] & " + NS + "}"),
                cnp(
                        "{endpointSelector: {}, ingress: [{fromRequires: [{matchExpressions: [{key: env, operator:"
                                + " Exists}]}]}]}",
                        "for " + DEFAULT + ", enforces ingress",
                        "deny from {" + ANY_NS + " & any:env DoesNotExist}, {" + ANY_NS
                                + " & k8s:io.kubernetes.pod.namespace NotIn[default]}"),
                cnp(
                        "{endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: default}}, ingress: [{}]}",
                        "for {any:io.kubernetes.pod.namespace In[default] & " + NS + "}, enforces ingress"),
                ccnp("{endpointSelector: {}, ingress: [{}]}", "for {}, enforces ingress"),
                ccnp(
                        "{endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{}, {matchLabels: {app:"
                                + " db}}, {matchLabels: {'reserved:remote-node': ''}}]}]}",
                        "for {any:app In[web]}, enforces ingress",
                        "allow from {" + ANY_NS + "}, {any:app In[db] & " + ANY_NS + "}, {reserved:remote-node In[]}"),
                ccnp(
                        "{endpointSelector: {matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values:"
                                + " [kube-system]}]}, description: all but one, labels: [{key: a}], egress: [{toEntities:"
                                + " [init, unmanaged, health, all]}]}",
                        "for {any:io.kubernetes.pod.namespace NotIn[kube-system]}, enforces egress",
                        "allow to init, unmanaged, health, all"));
    }

    @ParameterizedTest
    @MethodSource({"kubernetes", "cilium"})
    void aSpecComesToItsRules(String version, String kind, String spec, String expected) {
        String document =
                "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: web}\nspec: " + spec + "\n";
        List<ParsedPolicy> read = PolicyDocuments.read(document);
        assertThat(read).hasSize(1);
        assertThat(Shown.policy(read.get(0).policy())).isEqualTo(expected);
        // the same again from what the store keeps
        assertThat(PolicyDocuments.read(read.get(0).document()).policy())
                .isEqualTo(read.get(0).policy());
    }

    @Test
    void manyDocumentsListsAndSpecsAreReadInTheirOrder() {
        String text = """
                # nothing but a comment
                ---
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: a, namespace: prod, labels: {x: y}, creationTimestamp: null}
                spec: &spec
                  podSelector: {}
                status: {}
                ---
                kind: List
                apiVersion: v1
                items:
                - apiVersion: cilium.io/v2
                  kind: CiliumClusterwideNetworkPolicy
                  metadata: {name: b}
                  specs:
                  - {endpointSelector: {}, ingress: [{}]}
                  - {endpointSelector: {}, egress: [{}]}
                - apiVersion: networking.k8s.io/v1
                  kind: NetworkPolicy
                  metadata: {name: c}
                  spec: {podSelector: {matchLabels: {version: "1"}}}
                ---
                """;
        List<ParsedPolicy> read = PolicyDocuments.read(text);
        assertThat(read)
                .extracting(each -> each.policy().name())
                .containsExactly(
                        new PolicyName(Kind.NETWORK_POLICY, "prod", "a"),
                        new PolicyName(Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY, "", "b"),
                        new PolicyName(Kind.NETWORK_POLICY, "default", "c"));
        assertThat(read.get(1).policy().rules()).hasSize(2);
        assertThat(read.get(0).document().has("status")).isFalse();
        assertThat(read.get(2).document().at("/metadata/namespace").asText()).isEqualTo("default");
    }

    @Test
    void jsonWithTabsAndAliasesAndDatesMeanWhatTheySay() {
        String json = "{\n\t\"apiVersion\": \"networking.k8s.io/v1\",\n\t\"kind\": \"NetworkPolicy\",\n\t\"metadata\":"
                + " {\"name\": \"a\"},\n\t\"spec\": {\"podSelector\": {}}\n}\n";
        assertThat(PolicyDocuments.read(json + json.replace("\"a\"", "\"b\""))).hasSize(2);
        String aliases = """
                apiVersion: cilium.io/v2
                kind: CiliumNetworkPolicy
                metadata: {name: web}
                spec:
                  endpointSelector: &web {matchLabels: {since: 2024-01-01}}
                  ingress:
                  - fromEndpoints: [*web]
                """;
        assertThat(Shown.policy(PolicyDocuments.read(aliases).get(0).policy()))
                .isEqualTo("for {any:since In[2024-01-01] & " + NS + "}, enforces ingress\nallow from {any:since"
                        + " In[2024-01-01] & " + NS + "}");
    }
}
