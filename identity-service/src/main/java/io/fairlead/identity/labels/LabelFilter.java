package io.fairlead.identity.labels;

import io.fairlead.contract.Label;
import io.fairlead.contract.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Chooses the labels that make an identity.
 *
 * <p>A label counts when no rule excludes it, or when an including rule matches more of its key than every excluding one.
 * Once the configuration includes a label by name, only included labels count. Immutable.
 */
public final class LabelFilter {
    /** Cilium 1.20's defaults; labels with many values are left out so that they do not make many identities. */
    private static final List<String> DEFAULTS = List.of(
            "reserved:.*",
            "io\\.kubernetes\\.pod\\.namespace",
            "io\\.cilium\\.k8s\\.namespace\\.labels",
            "io\\.cilium\\.k8s\\.policy\\.cluster",
            "io\\.cilium\\.k8s\\.policy\\.serviceaccount",
            "app\\.kubernetes\\.io",
            "!io\\.kubernetes",
            "!kubernetes\\.io",
            "!statefulset\\.kubernetes\\.io/pod-name",
            "!apps\\.kubernetes\\.io/pod-index",
            "!batch\\.kubernetes\\.io/job-completion-index",
            "!batch\\.kubernetes\\.io/controller-uid",
            "!.*beta\\.kubernetes\\.io",
            "!topology\\.kubernetes\\.io",
            "!k8s\\.io",
            "!pod-template-generation",
            "!pod-template-hash",
            "!controller-revision-hash",
            "!controller-uid",
            "!annotation.*",
            "!etcd_node");

    private final List<LabelRule> rules;
    private final boolean onlyIncluded;

    private LabelFilter(List<LabelRule> rules, boolean onlyIncluded) {
        this.rules = List.copyOf(rules);
        this.onlyIncluded = onlyIncluded;
    }

    /** The filter without configuration. */
    public static LabelFilter defaults() {
        return parse("");
    }

    /**
     * The defaults and what the configuration key {@code labels} adds: rules separated by blanks.
     *
     * @throws IllegalArgumentException naming the first text that is no rule
     */
    public static LabelFilter parse(String labels) {
        List<LabelRule> own = Stream.of(labels.strip().split("\\s+"))
                .filter(text -> !text.isEmpty())
                .map(LabelRule::parse)
                .toList();
        List<LabelRule> rules =
                new ArrayList<>(DEFAULTS.stream().map(LabelRule::parse).toList());
        rules.addAll(own);
        return new LabelFilter(rules, own.stream().anyMatch(rule -> !rule.excludes()));
    }

    /** Those of the labels that count. */
    public Labels apply(Labels labels) {
        return Labels.of(labels.sorted().stream().filter(this::counts).toList());
    }

    /** The rules, for people. */
    public List<String> texts() {
        return rules.stream().map(LabelRule::toString).toList();
    }

    private boolean counts(Label label) {
        int included = -1;
        int excluded = -1;
        for (LabelRule rule : rules) {
            int length = rule.match(label).orElse(-1);
            if (rule.excludes()) {
                excluded = length >= 0 && (excluded < 0 || length < excluded) ? length : excluded;
            } else {
                included = Math.max(included, length);
            }
        }
        return included > excluded || (!onlyIncluded && excluded < 0);
    }
}
