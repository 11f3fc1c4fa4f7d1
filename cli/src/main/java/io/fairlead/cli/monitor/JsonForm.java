package io.fairlead.cli.monitor;

import io.fairlead.cli.client.MonitorMessage;
import io.fairlead.cli.client.MonitorMessage.Packet;
import io.fairlead.cli.dissect.Dissection;
import io.fairlead.cli.dissect.Layer;
import io.fairlead.cli.output.Json;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A JSON object a line, with Cilium's keys. */
final class JsonForm implements Form {
    @Override
    public void append(MonitorMessage message, StringBuilder to) {
        if (message instanceof MonitorMessage.Start) {
            // of no event
            return;
        }
        to.append(Json.line(object(message))).append('\n');
    }

    private static Map<String, Object> object(MonitorMessage message) {
        if (message instanceof MonitorMessage.Debug debug) {
            return Json.object(
                    "cpu", Words.cpu(debug.header().cpu()),
                    "type", "debug",
                    "message", DebugTexts.text(debug.header().subtype(), debug.arguments()));
        }
        if (message instanceof MonitorMessage.Agent agent) {
            return Json.object("type", "agent", "subtype", agent.kind(), "message", Json.parsed(agent.json()));
        }
        if (message instanceof MonitorMessage.Lost lost) {
            return Json.object("cpu", Words.cpu(lost.cpu()), "type", "lost", "count", Json.unsigned(lost.count()));
        }
        return packet((Packet) message);
    }

    private static Map<String, Object> packet(Packet packet) {
        Map<String, Object> object =
                Json.object("cpu", Words.cpu(packet.header().cpu()));
        switch (packet.header().type()) {
            case Words.DROP -> {
                object.put("type", "drop");
                object.put("mark", Words.mark(packet.header().mark()));
                object.put("reason", DropReasons.text(packet.header().subtype()));
            }
            case Words.CAPTURE -> {
                object.put("type", "capture");
                object.put("mark", Words.mark(packet.header().mark()));
                object.put("message", Words.capture(packet));
                object.put("prefix", Words.captureSummary(packet));
            }
            case Words.POLICY_VERDICT -> verdict(packet, object);
            default -> {
                object.put("type", "trace");
                object.put("mark", Words.mark(packet.header().mark()));
                object.put("ifindex", packet.device().isEmpty() ? "0" : packet.device());
                object.put("state", Words.state(packet.state()));
                object.put("observationPoint", Words.point(packet.header().subtype()));
                object.put("traceSummary", Words.summary(packet));
            }
        }
        object.put("source", packet.header().source());
        object.put("bytes", Integer.toUnsignedLong(packet.length()));
        object.put("srcLabel", Integer.toUnsignedLong(packet.sourceIdentity()));
        object.put("dstLabel", Integer.toUnsignedLong(packet.destinationIdentity()));
        object.put("dstID", packet.endpoint());
        object.put("summary", summary(Dissection.of(packet.payload())));
        return object;
    }

    private static void verdict(Packet packet, Map<String, Object> object) {
        MonitorMessage.Verdict verdict = packet.verdict();
        object.put("type", "policy-verdict");
        object.put("mark", Words.mark(packet.header().mark()));
        object.put("remoteID", Integer.toUnsignedLong(Words.remote(packet)));
        object.put("proto", verdict.protocol());
        object.put("direction", verdict.ingress() ? "ingress" : "egress");
        object.put("action", Words.action(verdict));
        object.put("match", Words.match(verdict.match()));
        object.put("dstPort", verdict.port());
        if (!verdict.rule().isEmpty()) {
            object.put("rule", verdict.rule());
        }
    }

    private static Map<String, Object> summary(Dissection dissection) {
        Map<String, Object> summary = Json.object();
        for (Layer layer : dissection.layers()) {
            summary.put(layer.name().toLowerCase(Locale.ROOT), layer.text());
        }
        put(summary, "l2", dissection.link());
        put(summary, "l3", dissection.network());
        put(summary, "l4", dissection.transport());
        return summary;
    }

    private static void put(Map<String, Object> summary, String key, Optional<Dissection.Flow> flow) {
        flow.ifPresent(ends -> summary.put(key, Json.object("src", ends.src(), "dst", ends.dst())));
    }
}
