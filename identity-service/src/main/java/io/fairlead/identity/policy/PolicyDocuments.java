package io.fairlead.identity.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.PolicyName.Kind;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.grpc.PolicyMessages;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads policies from documents, all mistakes at once. */
final class PolicyDocuments {
    /** Policies in one apply: a transaction of the store has at most 128 steps. */
    static final int MAX_POLICIES = 128;

    /** Bytes of one policy's message: half of what a node takes at once. */
    private static final int MAX_MESSAGE = 8 << 20;

    private static final Set<String> DOCUMENT = Set.of("apiVersion", "kind", "metadata", "spec", "specs", "status");
    private static final Set<String> NETWORK_POLICY = Set.of("apiVersion", "kind", "metadata", "spec", "status");
    private static final Set<String> METADATA = Set.of(
            "name",
            "namespace",
            "labels",
            "annotations",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "managedFields",
            "ownerReferences",
            "finalizers",
            "selfLink");
    private static final String DNS_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
    private static final Pattern NAMESPACE = Pattern.compile(DNS_LABEL);
    private static final Pattern NAME =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
    private static final int MAX_NAME = 253;
    private static final String KINDS =
            "NetworkPolicy, CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, or a List of them";

    // owned by: the thread that reads, as all below
    private final List<String> mistakes = new ArrayList<>();
    private final List<ParsedPolicy> found = new ArrayList<>();
    private final Map<PolicyName, String> titles = new HashMap<>();

    private PolicyDocuments() {}

    /**
     * The policies of a text, in its order.
     *
     * @throws PolicyException with every mistake
     */
    static List<ParsedPolicy> read(String text) {
        PolicyDocuments documents = new PolicyDocuments();
        documents.readText(text);
        if (documents.mistakes.isEmpty() && documents.found.size() > MAX_POLICIES) {
            documents.mistakes.add("documents: " + documents.found.size() + " policies (expected: at most "
                    + MAX_POLICIES + " in one apply, which happens at once or not at all)");
        }
        if (!documents.mistakes.isEmpty()) {
            throw PolicyException.invalid(documents.mistakes);
        }
        return List.copyOf(documents.found);
    }

    /**
     * The policy of one document from the store.
     *
     * @throws PolicyException with every mistake
     */
    static ParsedPolicy read(ObjectNode document) {
        PolicyDocuments documents = new PolicyDocuments();
        documents.document("document", document);
        if (!documents.mistakes.isEmpty()) {
            throw PolicyException.invalid(documents.mistakes);
        }
        return documents.found.get(0);
    }

    private void readText(String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > DocumentText.MAX_BYTES) {
            mistakes.add("documents: " + bytes + " bytes (expected: at most " + DocumentText.MAX_BYTES + ")");
            return;
        }
        List<JsonNode> all;
        try {
            all = DocumentText.read(text);
        } catch (IllegalArgumentException e) {
            mistakes.add(String.valueOf(e.getMessage()));
            return;
        }
        if (all.isEmpty()) {
            mistakes.add("documents: none (expected: " + KINDS + ")");
        }
        int number = 0;
        for (JsonNode document : all) {
            list("document " + ++number, document);
        }
    }

    private void list(String title, JsonNode document) {
        if (!document.path("kind").asText().equals("List")) {
            document(title, document);
            return;
        }
        Field root = new Field(title + " (List)", "", document, mistakes);
        root.has(Set.of("apiVersion", "kind", "metadata", "items"), Map.of());
        if (!document.path("items").isArray()) {
            root.required("items", "a list of policies").ifPresent(Field::items);
            return;
        }
        for (int i = 0; i < document.path("items").size(); i++) {
            document(title + " item " + (i + 1), document.path("items").get(i));
        }
    }

    private void document(String place, JsonNode document) {
        if (!document.isObject()) {
            new Field(place, "", document, mistakes).wrong("a map: " + KINDS);
            return;
        }
        JsonNode kindNode = document.path("kind");
        Optional<Kind> kind = Arrays.stream(Kind.values())
                .filter(k -> k.text().equals(kindNode.asText()))
                .findFirst();
        if (kind.isEmpty()) {
            Field root = new Field(place, "", document, mistakes);
            root.required("kind", KINDS).ifPresent(f -> f.wrong(KINDS));
            return;
        }
        PolicyName name = nameOf(kind.get(), document);
        Field root = new Field(place + " (" + name + ")", "", document, mistakes);
        int before = mistakes.size();
        root.has(kind.get() == Kind.NETWORK_POLICY ? NETWORK_POLICY : DOCUMENT, Map.of());
        version(root, kind.get());
        metadata(root, kind.get());
        List<Rule> rules = specs(root, name);
        String first = titles.putIfAbsent(name, place);
        if (first != null) {
            root.mistake("named twice (expected: once; it is " + first + " already)");
        }
        if (mistakes.size() > before) {
            return;
        }
        Policy policy = new Policy(name, rules);
        int bytes = PolicyMessages.bytes(policy);
        if (bytes > MAX_MESSAGE) {
            root.mistake(bytes + " bytes on their way to nodes (expected: at most " + MAX_MESSAGE + ")");
            return;
        }
        found.add(new ParsedPolicy(policy, normal((ObjectNode) document, name)));
    }

    /** As far as it can be read: mistakes in it are told elsewhere. */
    private static PolicyName nameOf(Kind kind, JsonNode document) {
        JsonNode metadata = document.path("metadata");
        String namespace = kind == Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY
                ? ""
                : metadata.path("namespace").asText("");
        boolean missing = namespace.isEmpty() && kind != Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY;
        return new PolicyName(
                kind, missing ? "default" : namespace, metadata.path("name").asText(""));
    }

    private static void version(Field root, Kind kind) {
        String expected = kind == Kind.NETWORK_POLICY ? "networking.k8s.io/v1" : "cilium.io/v2";
        root.required("apiVersion", expected)
                .filter(f -> !f.value().asText().equals(expected))
                .ifPresent(f -> f.wrong(expected));
    }

    private static void metadata(Field root, Kind kind) {
        Optional<Field> metadata = root.required("metadata", "a map with name")
                .filter(f -> f.has(METADATA, Map.of("generateName", "generated name (expected: name)")));
        if (metadata.isEmpty()) {
            return;
        }
        metadata.get()
                .required("name", "a DNS name")
                .ifPresent(f -> f.text().ifPresent(text -> {
                    if (text.length() > MAX_NAME || !NAME.matcher(text).matches()) {
                        f.wrong("a DNS name of at most 253 characters: small letters, digits, '-' and '.'");
                    }
                }));
        metadata.get()
                .child("namespace")
                .ifPresent(f -> f.text().filter(t -> !t.isEmpty()).ifPresent(text -> {
                    if (kind == Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY) {
                        f.wrong("none; the policy is the whole cluster's");
                    } else if (!NAMESPACE.matcher(text).matches()) {
                        f.wrong("at most 63 small letters, digits and '-'");
                    }
                }));
    }

    private static List<Rule> specs(Field root, PolicyName name) {
        List<Rule> rules = new ArrayList<>();
        if (name.kind() == Kind.NETWORK_POLICY) {
            root.required("spec", "the policy's rules")
                    .flatMap(f -> NetworkPolicyReader.read(f, name.namespace()))
                    .ifPresent(rules::add);
            return rules;
        }
        Optional<Field> spec = root.child("spec");
        Optional<Field> specs = root.child("specs");
        spec.flatMap(f -> CiliumPolicyReader.read(f, name.namespace())).ifPresent(rules::add);
        specs.ifPresent(list -> list.items()
                .forEach(f -> CiliumPolicyReader.read(f, name.namespace()).ifPresent(rules::add)));
        if (spec.isEmpty() && specs.filter(f -> !f.value().isEmpty()).isEmpty()) {
            root.mistake("spec: missing (expected: spec, or specs with at least one)");
        }
        return rules;
    }

    /** With its namespace said, and without what a server wrote into it. */
    private static ObjectNode normal(ObjectNode document, PolicyName name) {
        ObjectNode copy = document.deepCopy();
        copy.remove("status");
        if (!name.namespace().isEmpty()) {
            ((ObjectNode) copy.path("metadata")).put("namespace", name.namespace());
        }
        return copy;
    }
}
