package io.fairlead.node.explain.grpc;

import com.google.protobuf.ByteString;
import io.fairlead.node.explain.Explanation;
import io.fairlead.node.explain.Explanation.Decision;
import io.fairlead.node.explain.Explanation.Hop;
import io.fairlead.node.explain.Packet;
import io.fairlead.node.explain.Protocol;
import io.fairlead.node.explain.Question;
import io.fairlead.proto.agent.v1.ExplainDecision;
import io.fairlead.proto.agent.v1.ExplainHop;
import io.fairlead.proto.agent.v1.ExplainRequest;
import io.fairlead.proto.agent.v1.ExplainResponse;
import java.util.Optional;

/** Questions and explanations as messages, and back. */
public final class ExplainMessages {
    /** The longest name of a side: a namespace and a pod's name have 253 characters at most, each. */
    private static final int LONGEST = 512;

    private ExplainMessages() {}

    /** @throws IllegalArgumentException naming the field, its value and what is expected */
    public static Question question(ExplainRequest request) {
        Optional<Protocol> protocol = request.getProtocol() == 0
                ? Optional.empty()
                : Optional.of(Protocol.of(request.getProtocol())
                        .orElseThrow(() -> new IllegalArgumentException("protocol: "
                                + Integer.toUnsignedString(request.getProtocol())
                                + " (expected: 1, 6, 17, 58 or 132, or 0 for the usual one)")));
        return new Question(
                side("source", request.getSource()),
                side("destination", request.getDestination()),
                protocol,
                port("port", request.getPort()),
                port("source port", request.getSourcePort()));
    }

    private static String side(String what, String text) {
        if (text.isEmpty() || text.length() > LONGEST) {
            throw new IllegalArgumentException(what + ": " + text.length() + " characters (expected: 1 to " + LONGEST
                    + ": namespace/pod, an endpoint id, an address, host or world)");
        }
        return text;
    }

    private static int port(String what, int port) {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException(
                    what + ": " + Integer.toUnsignedString(port) + " (expected: 0 to 65535)");
        }
        return port;
    }

    /** The packet of a question about one that arrives. */
    static Packet packet(ExplainRequest request) {
        return Packet.parse(request.getPacket().toByteArray());
    }

    static ExplainRequest arriving(Packet packet) {
        return ExplainRequest.newBuilder()
                .setArriving(true)
                .setPacket(ByteString.copyFrom(packet.bytes()))
                .build();
    }

    /** The answer. */
    public static ExplainResponse response(Explanation explanation) {
        ExplainResponse.Builder response = ExplainResponse.newBuilder()
                .setVerdict(explanation.verdict())
                .setAllowed(explanation.allowed())
                .setReason(explanation.reason());
        for (Hop hop : explanation.hops()) {
            ExplainHop.Builder message = ExplainHop.newBuilder()
                    .setNode(hop.node())
                    .setProgram(hop.program())
                    .setDevice(hop.device());
            hop.decisions()
                    .forEach(decision -> message.addDecisions(ExplainDecision.newBuilder()
                            .setWhat(decision.what())
                            .setText(decision.text())));
            response.addHops(message);
        }
        return response.build();
    }

    static Explanation explanation(ExplainResponse response) {
        return new Explanation(
                response.getHopsList().stream()
                        .map(hop -> new Hop(
                                hop.getNode(),
                                hop.getProgram(),
                                hop.getDevice(),
                                hop.getDecisionsList().stream()
                                        .map(decision -> new Decision(decision.getWhat(), decision.getText()))
                                        .toList()))
                        .toList(),
                response.getAllowed(),
                response.getReason());
    }
}
