package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.GetVersionResponse;

/** {@code version}. */
record VersionAnswer(String clientVersion, GetVersionResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        return new Table("", "")
                .row("Client:", clientVersion)
                .row("Agent:", message.getVersion())
                .row("Kernel:", message.getKernel())
                .row("Java:", message.getJava())
                .render(false);
    }

    @Override
    public Object json() {
        return Json.object(
                "client", clientVersion,
                "agent", message.getVersion(),
                "kernel", message.getKernel(),
                "java", message.getJava());
    }
}
