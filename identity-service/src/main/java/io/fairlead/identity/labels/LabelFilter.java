package io.fairlead.identity.labels;

import io.fairlead.contract.Label;
import io.fairlead.contract.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
        return of(Optional.empty(), labels);
    }

    /**
     * The rules of a file in place of the defaults, and what the configuration key {@code labels} adds.
     *
     * @throws IllegalArgumentException naming the first text that is no rule
     */
    public static LabelFilter of(Optional<LabelPrefixFile> file, String labels) {
        List<LabelRule> own = Stream.of(labels.strip().split("\\s+"))
                .filter(text -> !text.isEmpty())
                .map(LabelRule::parse)
                .toList();
        List<LabelRule> given = new ArrayList<>(file.map(LabelPrefixFile::rules).orElse(List.of()));
        given.addAll(own);
        List<LabelRule> rules = new ArrayList<>(
                file.isPresent()
                        ? List.of()
                        : DEFAULTS.stream().map(LabelRule::parse).toList());
        rules.addAll(given);
        return new LabelFilter(rules, given.stream().anyMatch(rule -> !rule.excludes()));
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
        // a rule that matches nothing of a key says nothing of it, as with Cilium
        int included = 0;
        int excluded = 0;
        for (LabelRule rule : rules) {
            int length = rule.match(label).orElse(0);
            if (!rule.excludes()) {
                included = Math.max(included, length);
            } else if (length > 0) {
                excluded = excluded == 0 ? length : Math.min(excluded, length);
            }
        }
        return included > excluded || (!onlyIncluded && excluded == 0);
    }
}
