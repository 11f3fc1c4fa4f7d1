package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.ListBpfIpmasqResponse;
import java.util.List;

/** {@code bpf ipmasq list}. */
record BpfIpmasqAnswer(ListBpfIpmasqResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("IP PREFIX/ADDRESS");
        message.getPrefixesList().forEach(table::row);
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return List.copyOf(message.getPrefixesList());
    }
}
