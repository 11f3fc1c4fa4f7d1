package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.ListRoutesResponse;
import io.fairlead.proto.agent.v1.RouteEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/**
 * {@code route list}. The nodes that should have a route are those that own one and those that said anything about one.
 *
 * <p>When the distributor could not be asked, what other nodes have is printed as "?", never as "none".
 */
record RoutesAnswer(ListRoutesResponse message) implements Answer {
    private static final String UNKNOWN = "?";

    @Override
    public String text(TextStyle style) {
        NavigableSet<String> nodes = nodes();
        Table table = new Table("CIDR", "NEXT HOP", "DEVICE", "NODE", "HERE", "INSTALLED", "MISSING/FAILED");
        for (RouteEntry route : message.getRoutesList()) {
            List<String> wrong = new ArrayList<>();
            missing(route, nodes).forEach(node -> wrong.add(node + ": missing"));
            wrong.addAll(route.getFailedList());
            table.row(
                    route.getCidr(),
                    route.getNextHop(),
                    route.getDevice().isEmpty() ? "-" : route.getDevice(),
                    route.getNodeName(),
                    route.getInstalledHere() ? "yes" : "no",
                    known() ? route.getInstalledCount() + "/" + nodes.size() : UNKNOWN,
                    known() ? String.join("\n", wrong) : UNKNOWN);
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        NavigableSet<String> nodes = nodes();
        return Json.object(
                "distributor-error",
                message.getDistributorError(),
                "nodes",
                List.copyOf(nodes),
                "routes",
                message.getRoutesList().stream()
                        .map(route -> Json.object(
                                "cidr", route.getCidr(),
                                "next-hop", route.getNextHop(),
                                "device", route.getDevice(),
                                "node", route.getNodeName(),
                                "cluster", route.getClusterName(),
                                "installed-here", route.getInstalledHere(),
                                "installed", List.copyOf(route.getInstalledList()),
                                "missing", missing(route, nodes),
                                "failed",
                                        route.getFailedList().stream()
                                                .map(RoutesAnswer::failure)
                                                .toList()))
                        .toList());
    }

    @Override
    public Optional<String> warning() {
        return known()
                ? Optional.empty()
                : Optional.of("route-distributor could not be asked, so what other nodes have is unknown: "
                        + message.getDistributorError());
    }

    private boolean known() {
        return message.getDistributorError().isEmpty();
    }

    private NavigableSet<String> nodes() {
        NavigableSet<String> nodes = new TreeSet<>();
        if (known()) {
            for (RouteEntry route : message.getRoutesList()) {
                nodes.add(route.getNodeName());
                nodes.addAll(route.getInstalledList());
                route.getFailedList().forEach(text -> nodes.add(failedNode(text)));
            }
        }
        return nodes;
    }

    private static List<String> missing(RouteEntry route, NavigableSet<String> nodes) {
        NavigableSet<String> missing = new TreeSet<>(nodes);
        route.getInstalledList().forEach(missing::remove);
        route.getFailedList().forEach(text -> missing.remove(failedNode(text)));
        return List.copyOf(missing);
    }

    private static Object failure(String text) {
        String node = failedNode(text);
        String reason = text.substring(node.length());
        return Json.object("node", node, "reason", reason.startsWith(": ") ? reason.substring(2) : reason);
    }

    private static String failedNode(String text) {
        int colon = text.indexOf(": ");
        return colon < 0 ? text : text.substring(0, colon);
    }
}
