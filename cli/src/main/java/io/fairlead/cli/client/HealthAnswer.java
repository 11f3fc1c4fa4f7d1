package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.GetHealthResponse;
import io.fairlead.proto.agent.v1.NodeHealth;
import io.fairlead.proto.agent.v1.PathHealth;
import io.fairlead.proto.agent.v1.ProbeResult;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** {@code health status} and {@code health get}. */
record HealthAnswer(GetHealthResponse message, Form form) implements Answer {
    /** What of it is printed as text. */
    enum Form {
        /** A line a node. */
        SUCCINCT,
        /** Each node's first address and first endpoint. */
        NORMAL,
        /** Every address, and when each was probed. */
        VERBOSE
    }

    @Override
    public String text(TextStyle style) {
        StringBuilder text = new StringBuilder();
        if (style.headers()) {
            text.append("Probe time:   ").append(time(message.getProbeTimeMs())).append('\n');
            text.append("Nodes:\n");
        }
        if (form == Form.SUCCINCT) {
            return text.append(table(style.headers()).indent(2)).toString();
        }
        for (NodeHealth node : message.getNodesList()) {
            text.append("  ").append(name(node)).append(":\n");
            long most = form == Form.VERBOSE ? Long.MAX_VALUE : 1;
            node.getHostList().stream().limit(most).forEach(path -> path(text, "Host", path));
            node.getEndpointList().stream().limit(most).forEach(path -> path(text, "Endpoint", path));
        }
        return text.toString();
    }

    private String table(boolean headers) {
        Table table = new Table("Name", "IP", "Node", "Endpoints");
        for (NodeHealth node : message.getNodesList()) {
            table.row(
                    name(node),
                    node.getHostCount() == 0 ? "<unknown>" : node.getHost(0).getIp(),
                    reach(node.getHostList()),
                    reach(node.getEndpointList()));
        }
        return table.render(headers);
    }

    private static String name(NodeHealth node) {
        return node.getName() + (node.getLocal() ? " (localhost)" : "");
    }

    private static String reach(List<PathHealth> paths) {
        List<ProbeResult> results = paths.stream()
                .flatMap(path -> Stream.of(path.getIcmp(), path.getHttp()))
                .toList();
        if (results.stream().anyMatch(result -> !result.getError().isEmpty())) {
            return "unreachable";
        }
        boolean all = !results.isEmpty() && results.stream().allMatch(result -> result.getRttNs() != 0);
        return all ? "reachable" : "unknown";
    }

    private void path(StringBuilder text, String what, PathHealth path) {
        text.append("    ")
                .append(what)
                .append(" connectivity to ")
                .append(path.getIp())
                .append(":\n");
        text.append("      ICMP to stack:   ").append(result(path.getIcmp())).append('\n');
        text.append("      HTTP to agent:   ").append(result(path.getHttp())).append('\n');
    }

    private String result(ProbeResult result) {
        String at =
                form == Form.VERBOSE && result.getProbedMs() != 0 ? " (probed " + time(result.getProbedMs()) + ")" : "";
        return status(result) + at;
    }

    private static String status(ProbeResult result) {
        if (!result.getError().isEmpty()) {
            return result.getError();
        }
        return result.getRttNs() == 0 ? "Not probed yet" : "OK, RTT=" + Durations.text(result.getRttNs());
    }

    private static String time(long millis) {
        return millis == 0
                ? "never"
                : Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
    }

    @Override
    public Object json() {
        String local = message.getNodesList().stream()
                .filter(NodeHealth::getLocal)
                .map(NodeHealth::getName)
                .findFirst()
                .orElse("");
        return Json.object(
                "timestamp", message.getProbeTimeMs() == 0 ? "" : time(message.getProbeTimeMs()),
                "local", Json.object("name", local),
                "nodes", message.getNodesList().stream().map(HealthAnswer::json).toList());
    }

    private static Object json(NodeHealth node) {
        return Json.object(
                "name", node.getName(),
                "host", paths(node.getHostList()),
                "health-endpoint", paths(node.getEndpointList()));
    }

    private static Map<String, Object> paths(List<PathHealth> paths) {
        List<Object> all = paths.stream().map(HealthAnswer::json).toList();
        Map<String, Object> object = Json.object();
        if (!all.isEmpty()) {
            object.put("primary-address", all.get(0));
            object.put("secondary-addresses", all.subList(1, all.size()));
        }
        return object;
    }

    private static Object json(PathHealth path) {
        return Json.object("ip", path.getIp(), "icmp", json(path.getIcmp()), "http", json(path.getHttp()));
    }

    private static Object json(ProbeResult result) {
        return Json.object(
                "latency",
                result.getRttNs(),
                "status",
                result.getError(),
                "lastProbed",
                result.getProbedMs() == 0
                        ? ""
                        : Instant.ofEpochMilli(result.getProbedMs()).toString());
    }
}
