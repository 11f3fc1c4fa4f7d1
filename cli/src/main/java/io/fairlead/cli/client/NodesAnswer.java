package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.ListNodesResponse;
import io.fairlead.proto.agent.v1.NodeEntry;

/** {@code node list}. */
record NodesAnswer(ListNodesResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("Name", "IPv4 Address", "Endpoint CIDR", "IPv6 Address", "Endpoint CIDR", "Source");
        for (NodeEntry node : message.getNodesList()) {
            table.row(
                    node.getName(),
                    node.getIpv4(),
                    node.getIpv4PodCidr(),
                    node.getIpv6(),
                    node.getIpv6PodCidr(),
                    node.getSource());
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return message.getNodesList().stream()
                .map(node -> Json.object(
                        "name",
                        node.getName(),
                        "primary-address",
                        Json.object(
                                "ipv4", family(node.getIpv4(), node.getIpv4PodCidr()),
                                "ipv6", family(node.getIpv6(), node.getIpv6PodCidr())),
                        "source",
                        node.getSource()))
                .toList();
    }

    private static Object family(String ip, String podCidr) {
        return Json.object("alloc-range", podCidr, "enabled", !ip.isEmpty(), "ip", ip);
    }
}
