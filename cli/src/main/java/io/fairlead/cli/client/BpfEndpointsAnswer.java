package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.BpfEndpoint;
import io.fairlead.proto.agent.v1.ListBpfEndpointsResponse;
import java.util.Locale;

/** {@code bpf endpoint list}. */
record BpfEndpointsAnswer(ListBpfEndpointsResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("IP ADDRESS", "LOCAL ENDPOINT INFO");
        for (BpfEndpoint endpoint : message.getEndpointsList()) {
            table.row(endpoint.getIp(), info(endpoint));
        }
        return table.render(style.headers());
    }

    private static String info(BpfEndpoint endpoint) {
        return endpoint.getHost()
                ? "(localhost)"
                : String.format(
                        Locale.ROOT,
                        "id=%-5d flags=0x%04X ifindex=%-3d mac=%s nodemac=%s identity=%d",
                        endpoint.getId(),
                        endpoint.getFlags(),
                        endpoint.getIfindex(),
                        endpoint.getMac().toUpperCase(Locale.ROOT),
                        endpoint.getNodeMac().toUpperCase(Locale.ROOT),
                        Integer.toUnsignedLong(endpoint.getIdentity()));
    }

    @Override
    public Object json() {
        return message.getEndpointsList().stream()
                .map(endpoint -> Json.object(
                        "ip", endpoint.getIp(),
                        "localhost", endpoint.getHost(),
                        "id", endpoint.getId(),
                        "flags", Integer.toUnsignedLong(endpoint.getFlags()),
                        "ifindex", endpoint.getIfindex(),
                        "mac", endpoint.getMac(),
                        "nodemac", endpoint.getNodeMac(),
                        "identity", Integer.toUnsignedLong(endpoint.getIdentity())))
                .toList();
    }
}
