package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.IdentityEntry;
import io.fairlead.proto.agent.v1.ListIdentitiesResponse;
import java.util.List;

/** {@code identity list}. */
record IdentitiesAnswer(ListIdentitiesResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("ID", "LABELS");
        for (IdentityEntry entry : message.getIdentitiesList()) {
            table.row(Integer.toUnsignedString(entry.getIdentity()), String.join("\n", entry.getLabelsList()));
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return message.getIdentitiesList().stream()
                .map(entry -> Json.object(
                        "id", Integer.toUnsignedLong(entry.getIdentity()),
                        "labels", List.copyOf(entry.getLabelsList())))
                .toList();
    }
}
