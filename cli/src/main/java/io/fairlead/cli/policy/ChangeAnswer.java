package io.fairlead.cli.policy;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.policy.v1.AppliedPolicy;
import io.fairlead.proto.policy.v1.ApplyPoliciesResponse;
import io.fairlead.proto.policy.v1.DeletePoliciesResponse;
import io.fairlead.proto.policy.v1.NodeProgress;
import io.fairlead.proto.policy.v1.PolicyName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What apply, validate and delete did; unhealthy while nodes are late.
 *
 * @param lines each policy with what became of it
 * @param progress of the nodes; empty when nobody waited
 */
record ChangeAnswer(List<Line> lines, long revision, Optional<NodeProgress> progress) implements Answer {
    /**
     * A policy and what became of it.
     *
     * @param text the line printed
     * @param outcome one word
     */
    record Line(PolicyName name, String text, String outcome) {}

    /** Of an apply, or a check. */
    static ChangeAnswer of(ApplyPoliciesResponse response, boolean dryRun) {
        List<Line> lines = new ArrayList<>();
        for (AppliedPolicy policy : response.getPoliciesList()) {
            String outcome = switch (policy.getOutcome()) {
                case OUTCOME_CREATED -> "created";
                case OUTCOME_CONFIGURED -> "configured";
                case OUTCOME_UNCHANGED -> "unchanged";
                case OUTCOME_VALID -> "valid";
                case OUTCOME_UNSPECIFIED, UNRECOGNIZED -> "stored";
            };
            PolicyName name = policy.getName();
            String text = PolicyTexts.resource(name) + "/" + name.getName() + " " + outcome;
            lines.add(new Line(name, dryRun ? text + " (dry run)" : text, outcome));
        }
        return new ChangeAnswer(
                lines,
                response.getRevision(),
                response.hasProgress() ? Optional.of(response.getProgress()) : Optional.empty());
    }

    /** Of a deletion. */
    static ChangeAnswer of(DeletePoliciesResponse response) {
        List<Line> lines = new ArrayList<>();
        for (PolicyName name : response.getDeletedList()) {
            String text = PolicyTexts.resource(name) + " \"" + name.getName() + "\" deleted";
            lines.add(new Line(name, text, "deleted"));
        }
        return new ChangeAnswer(
                lines,
                response.getRevision(),
                response.hasProgress() ? Optional.of(response.getProgress()) : Optional.empty());
    }

    @Override
    public String text(TextStyle style) {
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(line.text()).append('\n'));
        progress.ifPresent(reached -> text.append(PolicyTexts.text(reached)));
        return text.toString();
    }

    @Override
    public Object json() {
        List<Object> policies = new ArrayList<>();
        for (Line line : lines) {
            Map<String, Object> policy = PolicyTexts.json(line.name());
            policy.put("outcome", line.outcome());
            policies.add(policy);
        }
        Map<String, Object> json = Json.object("policies", policies, "revision", revision);
        progress.ifPresent(reached -> json.put("progress", PolicyTexts.json(reached)));
        return json;
    }

    @Override
    public boolean healthy() {
        return progress.isEmpty() || progress.get().getLateCount() == 0;
    }
}
