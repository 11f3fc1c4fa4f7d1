package io.fairlead.contract.policy;

import io.fairlead.contract.Label;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * A set of label sets: those that meet every requirement. Without any it selects all.
 *
 * @param requirements what labels must be like
 */
public record Selector(List<Requirement> requirements) {
    /** Selects everything. */
    public static final Selector ALL = new Selector(List.of());

    public Selector {
        requirements = List.copyOf(requirements);
    }

    /** Whether a label set is selected. */
    public boolean selects(Collection<Label> labels) {
        return requirements.stream().allMatch(requirement -> requirement.isMet(labels));
    }

    /** What of a requirement's key there must be. */
    public enum Operator {
        IN,
        NOT_IN,
        EXISTS,
        DOES_NOT_EXIST;

        /** As in Kubernetes: "NotIn". */
        public String text() {
            String[] words = name().split("_");
            StringBuilder text = new StringBuilder();
            for (String word : words) {
                text.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
            }
            return text.toString();
        }
    }

    /**
     * One requirement.
     *
     * @param source of the label, such as "k8s"; "any" for every source
     * @param key of the label
     * @param operator what there must be
     * @param values of IN and NOT_IN
     */
    public record Requirement(String source, String key, Operator operator, List<String> values) {
        public Requirement {
            values = List.copyOf(values);
        }

        boolean isMet(Collection<Label> labels) {
            return switch (operator) {
                case IN -> labels.stream().anyMatch(label -> names(label) && values.contains(label.value()));
                case NOT_IN -> labels.stream().noneMatch(label -> names(label) && values.contains(label.value()));
                case EXISTS -> labels.stream().anyMatch(this::names);
                case DOES_NOT_EXIST -> labels.stream().noneMatch(this::names);
            };
        }

        private boolean names(Label label) {
            return key.equals(label.key()) && (source.equals("any") || source.equals(label.source()));
        }
    }
}
