package io.fairlead.identity.policy;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Label;
import io.fairlead.contract.policy.Selector;
import io.fairlead.contract.policy.Selector.Operator;
import io.fairlead.contract.policy.Selector.Requirement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads label selectors, and says which labels pods have for their namespace. */
final class Selectors {
    static final String K8S = "k8s";
    static final String ANY = "any";
    static final String RESERVED = "reserved";
    /** Key of the label every pod of a namespace has. */
    static final String NAMESPACE = "io.kubernetes.pod.namespace";
    /** What keys of labels of a pod's namespace begin with. */
    static final String NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels.";

    private static final Set<String> FIELDS = Set.of("matchLabels", "matchExpressions");
    private static final Set<String> EXPRESSION = Set.of("key", "operator", "values");
    private static final String NAME = "([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]";
    private static final Pattern KEY = Pattern.compile("([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?" + NAME);
    private static final Pattern VALUE = Pattern.compile("(" + NAME + ")?");

    private Selectors() {}

    /** How keys are written. */
    enum Keys {
        /** As in Kubernetes; all labels have source "k8s". */
        KUBERNETES,
        /** "source:key"; without a source any will do. */
        WITH_SOURCE
    }

    /** The requirements of a selector, those of matchLabels first; what is wrong with it is said. */
    static List<Requirement> read(Field field, Keys keys) {
        List<Requirement> all = new ArrayList<>();
        if (!field.has(FIELDS, Map.of())) {
            return all;
        }
        field.child("matchLabels")
                .ifPresent(labels -> labels.entries().forEach(entry -> {
                    Field value = entry.getValue();
                    Optional<Label> key = key(value, entry.getKey(), keys);
                    Optional<String> text = value.text().filter(t -> isValue(value, t));
                    if (key.isPresent() && text.isPresent()) {
                        all.add(new Requirement(key.get().source(), key.get().key(), Operator.IN, List.of(text.get())));
                    }
                }));
        field.child("matchExpressions")
                .ifPresent(list ->
                        list.items().forEach(item -> expression(item, keys).ifPresent(all::add)));
        return all;
    }

    private static Optional<Requirement> expression(Field field, Keys keys) {
        if (!field.has(EXPRESSION, Map.of())) {
            return Optional.empty();
        }
        Optional<Field> keyField = field.required("key", "the key of a label");
        Optional<Label> key = keyField.flatMap(Field::text).flatMap(text -> key(keyField.get(), text, keys));
        Optional<Operator> operator =
                field.required("operator", "In, NotIn, Exists or DoesNotExist").flatMap(Selectors::operator);
        List<String> values = new ArrayList<>();
        field.child("values")
                .ifPresent(list -> list.items()
                        .forEach(item ->
                                item.text().filter(t -> isValue(item, t)).ifPresent(values::add)));
        if (operator.isPresent()) {
            boolean needsValues = operator.get() == Operator.IN || operator.get() == Operator.NOT_IN;
            boolean hasValues =
                    field.child("values").filter(v -> v.value().size() > 0).isPresent();
            if (needsValues && !hasValues) {
                field.mistake("values: none (expected: at least one with operator "
                        + operator.get().text() + ")");
            } else if (!needsValues && hasValues) {
                field.mistake("values: given (expected: none with operator "
                        + operator.get().text() + ")");
            }
        }
        return key.isPresent() && operator.isPresent()
                ? Optional.of(new Requirement(key.get().source(), key.get().key(), operator.get(), values))
                : Optional.empty();
    }

    private static Optional<Operator> operator(Field field) {
        return field.text().flatMap(text -> {
            Optional<Operator> found = Arrays.stream(Operator.values())
                    .filter(operator -> operator.text().equals(text))
                    .findFirst();
            if (found.isEmpty()) {
                field.wrong("In, NotIn, Exists or DoesNotExist");
            }
            return found;
        });
    }

    /** Source and key, as a label without a value. */
    private static Optional<Label> key(Field field, String text, Keys keys) {
        int colon = keys == Keys.WITH_SOURCE ? text.indexOf(':') : -1;
        String source = colon < 0 ? (keys == Keys.KUBERNETES ? K8S : ANY) : text.substring(0, colon);
        String key = text.substring(colon + 1);
        if ((source.equals(K8S) || source.equals(ANY)) && !KEY.matcher(key).matches()) {
            field.mistake("label key: \"" + text + "\" (expected: letters, digits, '-', '_' and '.', at most 63, after"
                    + " an optional DNS name and '/'"
                    + (keys == Keys.WITH_SOURCE ? ", after an optional source and ':'" : "") + ")");
            return Optional.empty();
        }
        boolean known = Arrays.stream(IdentityId.Reserved.values())
                .anyMatch(r -> r.label().equals(key));
        if (source.equals(RESERVED) && !known) {
            field.mistake("label key: \"" + text + "\" (expected: a reserved label such as reserved:host)");
            return Optional.empty();
        }
        try {
            return Optional.of(new Label(source, key, ""));
        } catch (IllegalArgumentException e) {
            field.mistake(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private static boolean isValue(Field field, String text) {
        boolean good = VALUE.matcher(text).matches();
        if (!good) {
            field.mistake("label value: \"" + text
                    + "\" (expected: at most 63 letters, digits, '-', '_' and '.', the first and last no sign)");
        }
        return good;
    }

    /** That an endpoint is in a namespace. */
    static Requirement inNamespace(String namespace) {
        return new Requirement(K8S, NAMESPACE, Operator.IN, List.of(namespace));
    }

    /** That an endpoint is a pod: it is in some namespace. */
    static Requirement inAnyNamespace() {
        return new Requirement(K8S, NAMESPACE, Operator.EXISTS, List.of());
    }

    /** Whether the selector says itself in which namespace an endpoint is. */
    static boolean saysNamespace(List<Requirement> requirements) {
        return requirements.stream()
                .filter(r -> r.source().equals(K8S) || r.source().equals(ANY))
                .anyMatch(r -> r.key().equals(NAMESPACE));
    }

    /** Whether the selector says of which labels an endpoint's namespace is. */
    static boolean saysNamespaceLabels(List<Requirement> requirements) {
        return requirements.stream()
                .filter(r -> r.source().equals(K8S) || r.source().equals(ANY))
                .anyMatch(r -> r.key().startsWith(NAMESPACE_LABELS));
    }

    /** Whether the selector is about what is no pod. */
    static boolean isReserved(List<Requirement> requirements) {
        return requirements.stream().anyMatch(r -> r.source().equals(RESERVED));
    }

    /** Requirements and one more. */
    static Selector and(List<Requirement> requirements, Requirement more) {
        List<Requirement> all = new ArrayList<>(requirements);
        all.add(more);
        return new Selector(all);
    }
}
