package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;

/** {@code health ping}: the agent answered. */
record HealthPing() implements Answer {
    @Override
    public String text(TextStyle style) {
        return "OK\n";
    }

    @Override
    public Object json() {
        return Json.object("status", "OK");
    }
}
