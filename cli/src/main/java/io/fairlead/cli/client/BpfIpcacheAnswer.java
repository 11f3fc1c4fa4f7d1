package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.BpfIpcacheEntry;
import io.fairlead.proto.agent.v1.ListBpfIpcacheResponse;

/** {@code bpf ipcache list}. */
record BpfIpcacheAnswer(ListBpfIpcacheResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("IP PREFIX/ADDRESS", "IDENTITY");
        for (BpfIpcacheEntry entry : message.getEntriesList()) {
            table.row(
                    entry.getPrefix(),
                    "identity=" + Integer.toUnsignedString(entry.getIdentity()) + " host="
                            + (entry.getHostIp().isEmpty() ? "<none>" : entry.getHostIp()));
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return message.getEntriesList().stream()
                .map(entry -> Json.object(
                        "prefix", entry.getPrefix(),
                        "identity", Integer.toUnsignedLong(entry.getIdentity()),
                        "host", entry.getHostIp()))
                .toList();
    }
}
