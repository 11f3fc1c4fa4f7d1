package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.Endpoint;
import io.fairlead.proto.agent.v1.ListEndpointsResponse;
import java.util.List;

/** {@code endpoint list}. */
record EndpointsAnswer(ListEndpointsResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("ENDPOINT", "IDENTITY", "LABELS (source:key[=value])", "IPv6", "IPv4", "STATUS");
        for (Endpoint endpoint : message.getEndpointsList()) {
            table.row(
                    Integer.toString(endpoint.getId()),
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

    private static Object json(Endpoint endpoint) {
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
                        "state",
                        endpoint.getState()));
    }
}
