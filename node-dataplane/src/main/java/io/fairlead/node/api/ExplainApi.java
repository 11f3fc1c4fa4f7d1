package io.fairlead.node.api;

import io.fairlead.node.explain.Explainer;
import io.fairlead.node.explain.grpc.ExplainMessages;
import io.fairlead.proto.agent.v1.ExplainRequest;
import io.fairlead.proto.agent.v1.ExplainResponse;

/** Answers {@code fairlead explain}. Blocks while programs run and the next node is asked. */
public final class ExplainApi {
    private final Explainer explainer;

    /** @param explainer of this node */
    public ExplainApi(Explainer explainer) {
        this.explainer = explainer;
    }

    /** @throws IllegalArgumentException naming what of the question is wrong */
    public ExplainResponse explain(ExplainRequest request) {
        if (request.getArriving() || !request.getPacket().isEmpty()) {
            throw new IllegalArgumentException(
                    "arriving: true (expected: false; packets on their way come from other nodes' agents)");
        }
        return ExplainMessages.response(explainer.explain(ExplainMessages.question(request)));
    }
}
