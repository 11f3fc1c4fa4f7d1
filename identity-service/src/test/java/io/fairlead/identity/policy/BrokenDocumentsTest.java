package io.fairlead.identity.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong with documents is said with its place, its value and what is expected. */
class BrokenDocumentsTest {
    private static final String CNP = "document 1 (CiliumNetworkPolicy default/web): ";
    private static final String NP = "document 1 (NetworkPolicy default/web): ";

    private static Arguments cnp(String spec, String expected) {
        return Arguments.of(document("cilium.io/v2", "CiliumNetworkPolicy", spec), CNP + expected);
    }

    /** A rule of ingress, in a policy that is good otherwise. */
    private static Arguments ingress(String rule, String expected) {
        return cnp("{endpointSelector: {}, ingress: [" + rule + "]}", "spec.ingress[0]" + expected);
    }

    private static Arguments egress(String rule, String expected) {
        return cnp("{endpointSelector: {}, egress: [" + rule + "]}", "spec.egress[0]" + expected);
    }

    private static Arguments port(String port, String expected) {
        return ingress("{toPorts: [{ports: [" + port + "]}]}", ".toPorts[0].ports[0]" + expected);
    }

    private static Arguments np(String spec, String expected) {
        return Arguments.of(document("networking.k8s.io/v1", "NetworkPolicy", spec), NP + expected);
    }

    private static Arguments npRule(String rule, String expected) {
        return np("{podSelector: {}, ingress: [" + rule + "]}", "spec.ingress[0]" + expected);
    }

    private static String document(String version, String kind, String spec) {
        return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: web}\nspec: " + spec + "\n";
    }

    static Stream<Arguments> notSupported() {
        String l7 = ": L7 rules (expected: L3/L4 only";
        return Stream.of(
                ingress("{toPorts: [{ports: [{port: '80'}], rules: {http: [{}]}}]}", ".toPorts[0].rules" + l7),
                egress(
                        "{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}",
                        ".toPorts[0].rules" + l7),
                ingress("{toPorts: [{ports: [{port: '9092'}], rules: {kafka: []}}]}", ".toPorts[0].rules" + l7),
                ingress(
                        "{toPorts: [{ports: [{port: '80'}], listener: {}}]}",
                        ".toPorts[0].listener: L7 listener (expected:"),
                ingress(
                        "{toPorts: [{ports: [{port: '80'}], serverNames: [a]}]}",
                        ".toPorts[0].serverNames: L7 server names"),
                ingress(
                        "{toPorts: [{ports: [{port: '80'}], terminatingTLS: {}}]}",
                        ".toPorts[0].terminatingTLS: L7 TLS"),
                ingress(
                        "{toPorts: [{ports: [{port: '80'}], originatingTLS: {}}]}",
                        ".toPorts[0].originatingTLS: L7 TLS"),
                egress("{toFQDNs: [{matchName: a.b}]}", ".toFQDNs: DNS names (expected: L3/L4 only"),
                egress("{toServices: []}", ".toServices: services (expected:"),
                egress("{toNodes: []}", ".toNodes: node labels (expected: toEntities: [remote-node])"),
                ingress("{fromNodes: []}", ".fromNodes: node labels (expected: fromEntities: [remote-node])"),
                ingress("{fromGroups: []}", ".fromGroups: cloud groups"),
                egress("{toGroups: []}", ".toGroups: cloud groups"),
                ingress("{authentication: {mode: required}}", ".authentication: mutual authentication (expected: none"),
                ingress(
                        "{fromCIDRSet: [{cidrGroupRef: a}]}",
                        ".fromCIDRSet[0].cidrGroupRef: CIDR group (expected: cidr"),
                cnp(
                        "{nodeSelector: {}, ingress: [{}]}",
                        "spec.nodeSelector: policy of nodes (expected: endpointSelector;"),
                cnp("{endpointSelector: {}, log: {value: a}, ingress: [{}]}", "spec.log: log text (expected: none"),
                port("{port: http}", ".port: \"http\" (expected: a port number; names of ports are not supported)"),
                npRule("{ports: [{port: http}]}", ".ports[0].port: \"http\" (expected: a port number; names"));
    }

    static Stream<Arguments> mistaken() {
        return Stream.of(
                cnp("{ingress: [{}]}", "spec.endpointSelector: missing (expected: a label selector; {} for all)"),
                cnp("{endpointSelector: {}}", "spec: no rules (expected: at least one in ingress,"),
                cnp("{endpointSelector: {}, ingress: []}", "spec: no rules (expected:"),
                cnp(
                        "{endpointSelector: {}, ingres: [{}], egress: [{}]}",
                        "spec.ingres: unknown field (expected: ingress)"),
                cnp("{endpointSelector: {}, ingress: {}, egress: [{}]}", "spec.ingress: a map (expected: a list)"),
                cnp("{endpointSelector: [], ingress: [{}]}", "spec.endpointSelector: a list (expected: a map)"),
                cnp(
                        "{endpointSelector: {matchLabels: {app: 1}}, ingress: [{}]}",
                        "spec.endpointSelector.matchLabels.app: 1 (expected: a text: \"1\" in quotes)"),
                cnp(
                        "{endpointSelector: {matchLabels: {'a b': x}}, ingress: [{}]}",
                        "spec.endpointSelector.matchLabels.a b: label key: \"a b\" (expected: letters, digits"),
                cnp(
                        "{endpointSelector: {matchLabels: {'reserved:moon': ''}}, ingress: [{}]}",
                        "spec.endpointSelector.matchLabels.reserved:moon: label key: \"reserved:moon\" (expected: a reserved"),
                cnp(
                        "{endpointSelector: {matchLabels: {app: '-x'}}, ingress: [{}]}",
                        "spec.endpointSelector.matchLabels.app: label value: \"-x\" (expected: at most 63"),
                cnp(
                        "{endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: prod}}, ingress: [{}]}",
                        "spec.endpointSelector: namespace: another than the policy's (expected: default"),
                cnp(
                        "{endpointSelector: {matchExpressions: [{key: a, operator: Is}]}, ingress: [{}]}",
                        "spec.endpointSelector.matchExpressions[0].operator: \"Is\" (expected: In, NotIn, Exists or"),
                cnp(
                        "{endpointSelector: {matchExpressions: [{key: a, operator: In}]}, ingress: [{}]}",
                        "spec.endpointSelector.matchExpressions[0]: values: none (expected: at least one"),
                cnp(
                        "{endpointSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}, ingress: [{}]}",
                        "spec.endpointSelector.matchExpressions[0]: values: given (expected: none"),
                cnp(
                        "{endpointSelector: {matchExpressions: [{operator: Exists}]}, ingress: [{}]}",
                        "spec.endpointSelector.matchExpressions[0].key: missing (expected: the key of a label)"),
                cnp(
                        "{endpointSelector: {}, ingress: [{}], enableDefaultDeny: {ingress: maybe}}",
                        "spec.enableDefaultDeny.ingress: \"maybe\" (expected: true or false)"),
                ingress("null", ": null (expected: a value)"),
                ingress("[]", ": a list (expected: a map)"),
                ingress("{toEndpoints: [{}]}", ".toEndpoints: unknown field (expected: fromEndpoints"),
                ingress("{fromEntities: [moon]}", ".fromEntities[0]: \"moon\" (expected: host, remote-node, world"),
                ingress("{fromEntities: [kube-apiserver]}", ".fromEntities[0]: \"kube-apiserver\" (expected: host"),
                ingress("{fromCIDR: [10.0.0.0/33]}", ".fromCIDR[0]: CIDR: \"10.0.0.0/33\" (expected: address/length"),
                ingress("{fromCIDR: [web]}", ".fromCIDR[0]: CIDR: \"web\" (expected: address/length"),
                ingress("{fromCIDRSet: [{}]}", ".fromCIDRSet[0].cidr: missing (expected: address/length"),
                ingress(
                        "{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/16]}]}",
                        ".fromCIDRSet[0].except[0]: CIDR: 11.0.0.0/16 (expected: a prefix within 10.0.0.0/8"),
                ingress(
                        "{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.0.0.0/8]}]}",
                        ".fromCIDRSet[0].except[0]: CIDR: 10.0.0.0/8 (expected: a prefix within 10.0.0.0/8, not all"),
                ingress("{toPorts: [{}]}", ".toPorts[0].ports: missing (expected: at least one port)"),
                ingress("{toPorts: [{ports: []}]}", ".toPorts[0].ports: empty (expected: at least one port)"),
                port("{}", ".port: missing (expected: \"1\" to \"65535\""),
                port("{port: '65536'}", ".port: \"65536\" (expected: \"0\" to \"65535\")"),
                port("{port: -1}", ".port: -1 (expected: a number from 0 to 65535)"),
                port(
                        "{port: '80', protocol: ICMP}",
                        ".protocol: \"ICMP\" (expected: TCP, UDP, SCTP or ANY; ICMP types"),
                port("{port: '80', endPort: 79}", ".endPort: 79 (expected: at least port, 80)"),
                port("{port: '0', endPort: 79}", ".endPort: endPort with port 0 (expected: no endPort"),
                port("{port: '80', endPort: 70000}", ".endPort: 70000 (expected: a number from 1 to 65535)"),
                ingress("{icmps: [{}]}", ".icmps[0].fields: missing (expected: at least one type)"),
                ingress("{icmps: [{fields: []}]}", ".icmps[0].fields: empty (expected: at least one type)"),
                ingress(
                        "{icmps: [{fields: [{type: 256}]}]}",
                        ".icmps[0].fields[0].type: 256 (expected: a number from 0"),
                ingress(
                        "{icmps: [{fields: [{type: Ping}]}]}",
                        ".icmps[0].fields[0].type: \"Ping\" (expected: 0 to 255 or"),
                ingress("{icmps: [{fields: [{}]}]}", ".icmps[0].fields[0].type: missing (expected:"),
                ingress(
                        "{icmps: [{fields: [{family: IPv5, type: 1}]}]}",
                        ".icmps[0].fields[0].family: \"IPv5\" (expected: IPv4 or IPv6)"),
                ingress(
                        "{icmps: [{fields: [{type: 8}]}], toPorts: [{ports: [{port: '1'}]}]}",
                        ": icmps together with toPorts (expected: a rule of its own for each)"),
                np("{}", "spec.podSelector: missing (expected: a label selector"),
                np(
                        "{podSelector: {}, policyTypes: [Both]}",
                        "spec.policyTypes[0]: \"Both\" (expected: Ingress or Egress)"),
                np(
                        "{podSelector: {matchLabels: {'k8s:a': b}}}",
                        "spec.podSelector.matchLabels.k8s:a: label key: \"k8s:a\""),
                np("{podSelector: {}, endpointSelector: {}}", "spec.endpointSelector: unknown field (expected: "),
                npRule("{from: [{}]}", ".from[0]: no peer (expected: podSelector, namespaceSelector or ipBlock)"),
                npRule(
                        "{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}",
                        ".from[0]: ipBlock together with selectors (expected: ipBlock alone)"),
                npRule("{from: [{ipBlock: {cidr: 10.0.0.1}}]}", ".from[0].ipBlock.cidr: CIDR: \"10.0.0.1\" (expected:"),
                npRule(
                        "{ports: [{endPort: 80}]}",
                        ".ports[0].endPort: endPort without port (expected: port, the lowest)"),
                npRule("{ports: [{port: 0}]}", ".ports[0].port: 0 (expected: a number from 1 to 65535)"),
                npRule(
                        "{ports: [{port: 1, protocol: ANY}]}",
                        ".ports[0].protocol: \"ANY\" (expected: TCP, UDP or SCTP)"),
                npRule(
                        "{from: [{namespaceSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}]}",
                        ".from[0].namespaceSelector: operator DoesNotExist on a: which labels a namespace does not have"));
    }

    @ParameterizedTest
    @MethodSource({"notSupported", "mistaken"})
    void aMistakeIsSaidWithItsPlaceAndWhatIsExpected(String document, String expected) {
        assertThat(message(document)).startsWith(expected).doesNotContain("\n");
    }

    static Stream<Arguments> texts() {
        String good = document("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {}}");
        return Stream.of(
                Arguments.of("", "documents: none (expected: NetworkPolicy,"),
                Arguments.of("---\n# nothing\n---\n", "documents: none (expected:"),
                Arguments.of("a: [", "documents: line "),
                Arguments.of("a: 1\na: 2\n", "documents: "),
                Arguments.of("{\"kind\": \"List\", \"kind\": \"List\"}", "documents: line 1: Duplicate field 'kind'"),
                Arguments.of("1: 2", "documents: name 1 (expected: a text, in quotes)"),
                Arguments.of("&a [*a]", "documents: "),
                Arguments.of("just text", "document 1: \"just text\" (expected: a map: NetworkPolicy,"),
                Arguments.of("{}", "document 1: kind: missing (expected: NetworkPolicy,"),
                Arguments.of("kind: Pod", "document 1: kind: \"Pod\" (expected: NetworkPolicy,"),
                Arguments.of("kind: List", "document 1 (List): items: missing (expected: a list of policies)"),
                Arguments.of("kind: List\nitems: [{kind: Pod}]", "document 1 item 1: kind: \"Pod\" (expected:"),
                Arguments.of(
                        good + "---\n" + good,
                        "document 2 (NetworkPolicy default/web): named twice (expected: once; it"
                                + " is document 1 already)"),
                Arguments.of(
                        good.replace("v1", "v2"), NP + "apiVersion: \"networking.k8s.io/v2\" (expected: networking"),
                Arguments.of(
                        good.replace("{name: web}", "{}"),
                        "document 1 (NetworkPolicy default/): metadata.name: missing (expected: a DNS name)"),
                Arguments.of(
                        good.replace("{name: web}", "{name: Web}"),
                        "document 1 (NetworkPolicy default/Web): metadata.name: \"Web\" (expected: a DNS name of at most"),
                Arguments.of(
                        good.replace("{name: web}", "{name: web, namespace: a.b}"),
                        "document 1 (NetworkPolicy a.b/web): metadata.namespace: \"a.b\" (expected: at most 63"),
                Arguments.of(
                        good.replace("{name: web}", "{name: web, generateName: x}"),
                        NP + "metadata.generateName: generated name (expected: name)"),
                Arguments.of(good + "specs: []\n", NP + "specs: unknown field (expected: spec)"),
                Arguments.of(
                        "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: a, namespace:"
                                + " b}\nspec: {endpointSelector: {}, ingress: [{}]}",
                        "document 1 (CiliumClusterwideNetworkPolicy a): metadata.namespace: \"b\" (expected: none;"),
                Arguments.of(
                        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: web}\nspecs: []",
                        CNP + "spec: missing (expected: spec, or specs with at least one)"));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void aTextThatIsNoPolicyIsSaid(String text, String expected) {
        assertThat(message(text)).startsWith(expected);
    }

    @Test
    void allMistakesAreToldAtOnce() {
        String text = document("cilium.io/v2", "CiliumNetworkPolicy", "{ingress: [{fromCIDR: [x], toPort: []}]}")
                + "---\n"
                + document(
                        "networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {}, ingress: [{ports: [{port: a}]}]}");
        assertThat(message(text).lines())
                .hasSize(4)
                .anyMatch(line -> line.startsWith(CNP + "spec.endpointSelector: missing"))
                .anyMatch(line -> line.startsWith(CNP + "spec.ingress[0].toPort: unknown field (expected: toPorts)"))
                .anyMatch(line -> line.startsWith(CNP + "spec.ingress[0].fromCIDR[0]: CIDR: \"x\""))
                .anyMatch(line -> line.startsWith(
                        "document 2 (NetworkPolicy default/web): spec.ingress[0].ports[0].port: \"a\""));
    }

    @Test
    void textsThatGrowWithoutEndAndTooManyPoliciesAreRefused() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 40; i++) {
            bomb.append("a" + i + ": &a" + i + " [*a" + (i - 1) + ", *a" + (i - 1) + "]\n");
        }
        assertThat(message(bomb.toString())).startsWith("documents: ");
        assertThat(message("a: " + "[".repeat(10_000))).startsWith("documents: ");
        assertThat(message("{\"a\": " + "[".repeat(10_000))).startsWith("documents: ");
        assertThat(message("# " + "x".repeat(1 << 20))).contains("bytes (expected: at most 1048576)");
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 129; i++) {
            many.append(document("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {}}")
                            .replace("web", "web" + i))
                    .append("---\n");
        }
        assertThat(message(many.toString())).startsWith("documents: 129 policies (expected: at most 128");
    }

    @Test
    void brokenTextsNeverEndOtherwise() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String good = document("cilium.io/v2", "CiliumNetworkPolicy", """

                  endpointSelector: {matchLabels: {app: web}}
                  ingress:
                  - fromCIDRSet: [{cidr: 10.0.0.0/8}]
                    toPorts:
                    - ports: [{port: '80', protocol: TCP}]
                """);
        for (int i = 0; i < 3_000; i++) {
            StringBuilder text = new StringBuilder(good);
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.deleteCharAt(at);
                    case 1 -> text.setCharAt(at, "{}[]:,&*!|>'\"#\n\t -0aé".charAt(random.nextInt(21)));
                    default -> text.insert(at, "{}[]:,&*!|>'\"#\n\t -0aé".charAt(random.nextInt(21)));
                }
            }
            try {
                PolicyDocuments.read(text.toString());
            } catch (PolicyException e) {
                assertThat(e.getMessage()).as("seed %d: %s", seed, text).isNotBlank();
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + text, e);
            }
        }
    }

    private static String message(String text) {
        PolicyException refused = catchThrowableOfType(PolicyException.class, () -> PolicyDocuments.read(text));
        assertThat(refused).as(text).isNotNull();
        assertThat(refused.reason()).isEqualTo(PolicyException.Reason.INVALID);
        return String.valueOf(refused.getMessage());
    }

    @Test
    void aTextThatManyAliasesRepeatIsTooLarge() {
        StringBuilder text = new StringBuilder(document("cilium.io/v2", "CiliumNetworkPolicy", "{}"))
                .append("status:\n  a: &a ")
                .append("x".repeat(100_000))
                .append('\n');
        for (int i = 0; i < 1_000; i++) {
            text.append("  b").append(i).append(": *a\n");
        }
        PolicyException refused =
                catchThrowableOfType(PolicyException.class, () -> PolicyDocuments.read(text.toString()));
        assertThat(refused)
                .hasMessage("documents: too large (expected: at most 1048576 characters of text, aliases replaced)");
    }

    @Test
    void aPolicyTooLargeForItsWayToNodesIsRefused() {
        String peers = "{},".repeat(200_000) + "{}";
        String text =
                "{\"apiVersion\": \"cilium.io/v2\", \"kind\": \"CiliumNetworkPolicy\", \"metadata\": {\"name\": \"web\"},"
                        + " \"spec\": {\"endpointSelector\": {}, \"ingress\": [{\"fromEndpoints\": [" + peers + "]}]}}";
        PolicyException refused = catchThrowableOfType(PolicyException.class, () -> PolicyDocuments.read(text));
        assertThat(refused)
                .hasMessageMatching(
                        "(?s).*web\\): [0-9]{8} bytes on their way to nodes \\(expected: at most 8388608\\)");
    }
}
