package io.fairlead.cli.policy;

import io.fairlead.cli.output.Json;
import io.fairlead.proto.policy.v1.NodeProgress;
import io.fairlead.proto.policy.v1.PolicyName;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How policies are called in what is printed, as kubectl does it. */
final class PolicyTexts {
    private PolicyTexts() {}

    /** "ciliumnetworkpolicy.cilium.io". */
    static String resource(PolicyName name) {
        String group = name.getKind().startsWith("Cilium") ? "cilium.io" : "networking.k8s.io";
        return name.getKind().toLowerCase(Locale.ROOT) + "." + group;
    }

    /** Keys and values of a name. */
    static Map<String, Object> json(PolicyName name) {
        return Json.object("kind", name.getKind(), "namespace", name.getNamespace(), "name", name.getName());
    }

    /** How far the nodes are, in lines. */
    static String text(NodeProgress progress) {
        if (progress.getNodes() == 0) {
            return "no node is known yet\n";
        }
        StringBuilder text = new StringBuilder("in force on ")
                .append(progress.getInForce())
                .append('/')
                .append(progress.getNodes())
                .append(" nodes after ")
                .append(Integer.toUnsignedLong(progress.getWaitedMs()))
                .append(" ms\n");
        progress.getLateList()
                .forEach(late -> text.append("  ")
                        .append(late.getNodeName())
                        .append(": ")
                        .append(late.getReason())
                        .append('\n'));
        return text.toString();
    }

    static Map<String, Object> json(NodeProgress progress) {
        List<Object> late = new ArrayList<>();
        progress.getLateList()
                .forEach(node -> late.add(Json.object("node", node.getNodeName(), "reason", node.getReason())));
        return Json.object(
                "nodes",
                progress.getNodes(),
                "inForce",
                progress.getInForce(),
                "waitedMs",
                Integer.toUnsignedLong(progress.getWaitedMs()),
                "late",
                late);
    }
}
