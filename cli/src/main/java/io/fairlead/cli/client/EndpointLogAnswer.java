package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.EndpointLogEntry;
import io.fairlead.proto.agent.v1.GetEndpointLogResponse;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** {@code endpoint log}. */
record EndpointLogAnswer(GetEndpointLogResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("Timestamp", "Status", "State", "Message");
        for (EndpointLogEntry entry : message.getEntriesList()) {
            table.row(
                    Instant.ofEpochMilli(entry.getTimeMs())
                            .truncatedTo(ChronoUnit.SECONDS)
                            .toString(),
                    entry.getStatus(),
                    entry.getState(),
                    entry.getMessage());
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return message.getEntriesList().stream()
                .map(entry -> Json.object(
                        "timestamp",
                        Instant.ofEpochMilli(entry.getTimeMs()).toString(),
                        "code",
                        entry.getStatus(),
                        "state",
                        entry.getState(),
                        "message",
                        entry.getMessage()))
                .toList();
    }
}
