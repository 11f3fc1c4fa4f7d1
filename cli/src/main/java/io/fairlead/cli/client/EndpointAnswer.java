package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.Endpoint;
import java.util.List;

/** {@code endpoint get}: JSON in both forms, a list of one. */
record EndpointAnswer(Endpoint message) implements Answer {
    @Override
    public String text(TextStyle style) {
        return Json.render(json());
    }

    @Override
    public Object json() {
        return List.of(EndpointsAnswer.json(message));
    }
}
