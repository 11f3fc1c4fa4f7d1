package io.fairlead.cli.bpf;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.BpfPolicyEntry;
import io.fairlead.proto.agent.v1.ListBpfPolicyResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code bpf policy get}. No policy here sends to a proxy or asks for authentication: those columns are always empty.
 *
 * @param withEndpoint whether it is of several endpoints
 */
record PolicyEntries(ListBpfPolicyResponse message, boolean withEndpoint) implements Answer {
    @Override
    public String text(TextStyle style) {
        List<String> headers = new ArrayList<>(List.of(
                "POLICY",
                "DIRECTION",
                "LABELS (source:key[=value])",
                "PORT/PROTO",
                "PROXY PORT",
                "AUTH TYPE",
                "BYTES",
                "PACKETS",
                "PREFIX"));
        if (withEndpoint) {
            headers.add(0, "ENDPOINT");
        }
        Table table = new Table(headers.toArray(String[]::new));
        for (BpfPolicyEntry entry : message.getEntriesList()) {
            List<String> cells = new ArrayList<>(List.of(
                    entry.getVerdict(),
                    entry.getDirection(),
                    labels(entry),
                    entry.getPortProtocol(),
                    "NONE",
                    "disabled",
                    Long.toUnsignedString(entry.getBytes()),
                    Long.toUnsignedString(entry.getPackets()),
                    String.valueOf(entry.getPrefix())));
            if (withEndpoint) {
                cells.add(0, String.valueOf(entry.getEndpointId()));
            }
            table.row(cells.toArray(String[]::new));
        }
        return table.render(style.headers());
    }

    private static String labels(BpfPolicyEntry entry) {
        if (entry.getIdentity() == 0) {
            return "ANY";
        }
        return entry.getLabelsCount() == 0
                ? Integer.toUnsignedString(entry.getIdentity())
                : String.join("\n", entry.getLabelsList());
    }

    @Override
    public Object json() {
        return message.getEntriesList().stream()
                .map(entry -> Json.object(
                        "endpoint", entry.getEndpointId(),
                        "policy", entry.getVerdict(),
                        "direction", entry.getDirection(),
                        "identity", Integer.toUnsignedLong(entry.getIdentity()),
                        "labels", List.copyOf(entry.getLabelsList()),
                        "port-protocol", entry.getPortProtocol(),
                        "prefix", entry.getPrefix(),
                        "bytes", Json.unsigned(entry.getBytes()),
                        "packets", Json.unsigned(entry.getPackets()),
                        "rule", entry.getRule()))
                .toList();
    }
}
