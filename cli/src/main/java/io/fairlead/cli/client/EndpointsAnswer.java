package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.Endpoint;
import io.fairlead.proto.agent.v1.EndpointPolicy;
import io.fairlead.proto.agent.v1.ListEndpointsResponse;
import java.util.List;

/** {@code endpoint list}. */
record EndpointsAnswer(ListEndpointsResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table(
                "ENDPOINT",
                "POLICY (ingress)\nENFORCEMENT",
                "POLICY (egress)\nENFORCEMENT",
                "IDENTITY",
                "LABELS (source:key[=value])",
                "IPv6",
                "IPv4",
                "STATUS");
        for (Endpoint endpoint : message.getEndpointsList()) {
            table.row(
                    Integer.toString(endpoint.getId()),
                    enforcement(endpoint, endpoint.getPolicy().getIngressEnforced()),
                    enforcement(endpoint, endpoint.getPolicy().getEgressEnforced()),
                    endpoint.getIdentity() == 0 ? "<none>" : Integer.toUnsignedString(endpoint.getIdentity()),
                    String.join("\n", endpoint.getLabelsList()),
                    endpoint.getIpv6(),
                    endpoint.getIpv4(),
                    endpoint.getState());
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return message.getEndpointsList().stream().map(EndpointsAnswer::json).toList();
    }

    private static String enforcement(Endpoint endpoint, boolean enforced) {
        if (enforced && endpoint.getPolicy().getAudit()) {
            return "Disabled (Audit)";
        }
        return enforced ? "Enabled" : "Disabled";
    }

    static Object json(Endpoint endpoint) {
        return Json.object(
                "id",
                endpoint.getId(),
                "status",
                Json.object(
                        "external-identifiers",
                        Json.object(
                                "container-id", endpoint.getContainerId(),
                                "k8s-namespace", endpoint.getNamespace(),
                                "k8s-pod-name", endpoint.getPodName()),
                        "identity",
                        Json.object(
                                "id", Integer.toUnsignedLong(endpoint.getIdentity()),
                                "labels", List.copyOf(endpoint.getLabelsList())),
                        "networking",
                        Json.object(
                                "addressing",
                                List.of(Json.object("ipv4", endpoint.getIpv4(), "ipv6", endpoint.getIpv6())),
                                "container-interface-name",
                                endpoint.getInterfaceName(),
                                "host-mac",
                                endpoint.getNodeMac(),
                                "interface-index",
                                endpoint.getIfindex(),
                                "interface-name",
                                endpoint.getHostInterface(),
                                "mac",
                                endpoint.getMac()),
                        "policy",
                        policy(endpoint.getPolicy()),
                        "state",
                        endpoint.getState()));
    }

    private static Object policy(EndpointPolicy policy) {
        return Json.object(
                "realized",
                Json.object(
                        "policy-enabled", enabled(policy),
                        "policy-revision", policy.getRevision(),
                        "id", Integer.toUnsignedLong(policy.getId()),
                        "entries", Integer.toUnsignedLong(policy.getEntries()),
                        "policies", List.copyOf(policy.getPoliciesList())),
                "error",
                policy.getError());
    }

    private static String enabled(EndpointPolicy policy) {
        boolean ingress = policy.getIngressEnforced();
        boolean egress = policy.getEgressEnforced();
        if (!ingress && !egress) {
            return "none";
        }
        String which = ingress && egress ? "both" : ingress ? "ingress" : "egress";
        return policy.getAudit() ? "audit-" + which : which;
    }
}
