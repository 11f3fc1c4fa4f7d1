package io.fairlead.cli.explain;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.ExplainDecision;
import io.fairlead.proto.agent.v1.ExplainHop;
import io.fairlead.proto.agent.v1.ExplainResponse;
import java.util.Locale;

/** {@code fairlead explain}: a block for each program, then the verdict. Unhealthy when the packet is dropped. */
public record ExplainAnswer(ExplainResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        StringBuilder text = new StringBuilder();
        for (ExplainHop hop : message.getHopsList()) {
            text.append(hop.getNode()).append(": ").append(hop.getProgram());
            if (!hop.getDevice().isEmpty()) {
                text.append(" at ").append(hop.getDevice());
            }
            text.append('\n');
            for (ExplainDecision decision : hop.getDecisionsList()) {
                text.append(String.format(Locale.ROOT, "  %-15s %s", decision.getWhat(), decision.getText()))
                        .append('\n');
            }
        }
        return text.append(message.getVerdict())
                .append(": ")
                .append(message.getReason())
                .append('\n')
                .toString();
    }

    @Override
    public Object json() {
        return Json.object(
                "verdict",
                message.getVerdict(),
                "allowed",
                message.getAllowed(),
                "reason",
                message.getReason(),
                "hops",
                message.getHopsList().stream()
                        .map(hop -> Json.object(
                                "node",
                                hop.getNode(),
                                "program",
                                hop.getProgram(),
                                "device",
                                hop.getDevice(),
                                "decisions",
                                hop.getDecisionsList().stream()
                                        .map(decision ->
                                                Json.object("what", decision.getWhat(), "text", decision.getText()))
                                        .toList()))
                        .toList());
    }

    @Override
    public boolean healthy() {
        return message.getAllowed();
    }
}
