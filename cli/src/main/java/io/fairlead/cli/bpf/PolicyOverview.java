package io.fairlead.cli.bpf;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.Endpoint;
import io.fairlead.proto.agent.v1.EndpointPolicy;
import io.fairlead.proto.agent.v1.ListEndpointsResponse;
import java.util.List;

/** {@code bpf policy list}. */
record PolicyOverview(ListEndpointsResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("ENDPOINT", "POLICY", "INGRESS", "EGRESS", "ENTRIES", "RULES OF", "ERROR");
        for (Endpoint endpoint : message.getEndpointsList()) {
            EndpointPolicy policy = endpoint.getPolicy();
            table.row(
                    String.valueOf(endpoint.getId()),
                    Integer.toUnsignedString(policy.getId()),
                    enforcement(policy.getIngressEnforced(), policy.getAudit()),
                    enforcement(policy.getEgressEnforced(), policy.getAudit()),
                    String.valueOf(policy.getEntries()),
                    String.join("\n", policy.getPoliciesList()),
                    policy.getError());
        }
        return table.render(style.headers());
    }

    private static String enforcement(boolean enforced, boolean audit) {
        return enforced ? (audit ? "Enabled (audit)" : "Enabled") : "Disabled";
    }

    @Override
    public Object json() {
        return message.getEndpointsList().stream()
                .map(endpoint -> Json.object(
                        "endpoint", endpoint.getId(),
                        "policy", Integer.toUnsignedLong(endpoint.getPolicy().getId()),
                        "ingress", endpoint.getPolicy().getIngressEnforced(),
                        "egress", endpoint.getPolicy().getEgressEnforced(),
                        "audit", endpoint.getPolicy().getAudit(),
                        "entries", endpoint.getPolicy().getEntries(),
                        "revision", endpoint.getPolicy().getRevision(),
                        "rules-of", List.copyOf(endpoint.getPolicy().getPoliciesList()),
                        "error", endpoint.getPolicy().getError()))
                .toList();
    }
}
