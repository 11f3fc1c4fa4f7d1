package io.fairlead.cli.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.policy.v1.GetPoliciesResponse;
import io.fairlead.proto.policy.v1.StoredPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code policy get}.
 *
 * @param where what is said when there is none: "in namespace default"
 * @param nowMs Unix time in ms, for ages
 */
record PoliciesAnswer(GetPoliciesResponse message, String where, long nowMs) implements Answer {
    @Override
    public String text(TextStyle style) {
        if (message.getPoliciesCount() == 0) {
            return "No policies found " + where + ".\n";
        }
        Table table = new Table("NAMESPACE", "KIND", "NAME", "REVISION", "AGE");
        for (StoredPolicy policy : message.getPoliciesList()) {
            String namespace = policy.getName().getNamespace();
            table.row(
                    namespace.isEmpty() ? "-" : namespace,
                    policy.getName().getKind(),
                    policy.getName().getName(),
                    Long.toString(policy.getRevision()),
                    age(nowMs - policy.getCreatedMs()));
        }
        return table.render(style.headers());
    }

    /** In its two largest units at most: "5d", "3h2m", "41s". */
    static String age(long ms) {
        Duration age = Duration.ofMillis(Math.max(0, ms));
        if (age.toDays() > 0) {
            return age.toDays() + "d";
        }
        if (age.toHours() > 0) {
            return age.toHours() + "h" + age.toMinutesPart() + "m";
        }
        return age.toMinutes() > 0 ? age.toMinutes() + "m" + age.toSecondsPart() + "s" : age.toSeconds() + "s";
    }

    @Override
    public Object json() {
        ObjectMapper mapper = new ObjectMapper();
        List<Object> policies = new ArrayList<>();
        for (StoredPolicy policy : message.getPoliciesList()) {
            Map<String, Object> json = PolicyTexts.json(policy.getName());
            json.put("revision", policy.getRevision());
            json.put("createdMs", policy.getCreatedMs());
            json.put("document", document(mapper, policy));
            policies.add(json);
        }
        return Json.object("policies", policies, "revision", message.getRevision());
    }

    private static Map<?, ?> document(ObjectMapper mapper, StoredPolicy policy) {
        try {
            return mapper.readValue(policy.getDocument(), Map.class);
        } catch (JsonProcessingException e) {
            return Json.object("unreadable", policy.getDocument());
        }
    }
}
