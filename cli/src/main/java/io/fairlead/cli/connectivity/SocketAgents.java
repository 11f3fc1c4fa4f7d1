package io.fairlead.cli.connectivity;

import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.explain.ExplainAnswer;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.BpfMetric;
import io.fairlead.proto.agent.v1.ExplainRequest;
import io.fairlead.proto.agent.v1.GetHealthRequest;
import io.fairlead.proto.agent.v1.GetHealthResponse;
import io.fairlead.proto.agent.v1.ListBpfMetricsRequest;
import io.fairlead.proto.agent.v1.NodeHealth;
import io.fairlead.proto.agent.v1.PathHealth;
import io.fairlead.proto.agent.v1.ProbeResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The agents behind their sockets, each connected to once. For one thread. */
final class SocketAgents implements Agents {
    private final Function<String, Path> sockets;
    private final Duration timeout;
    private final Map<String, AgentClient> clients = new HashMap<>(); // owned by: the thread that runs the tests

    /** @param sockets of the nodes' agents, by the node's name */
    SocketAgents(Function<String, Path> sockets, Duration timeout) {
        this.sockets = sockets;
        this.timeout = timeout;
    }

    private AgentClient client(String node) {
        return clients.computeIfAbsent(node, name -> new AgentClient(sockets.apply(name), timeout));
    }

    @Override
    public Map<String, Long> drops(String node) {
        Map<String, Long> drops = new HashMap<>();
        for (BpfMetric metric : client(node)
                .call(stub -> stub.listBpfMetrics(ListBpfMetricsRequest.getDefaultInstance()))
                .getMetricsList()) {
            // reason 0 is no drop
            if (metric.getReason() != 0) {
                drops.merge(metric.getReasonText(), metric.getPackets(), Long::sum);
            }
        }
        return drops;
    }

    @Override
    public List<String> unhealthy(String node) {
        GetHealthResponse health = client(node)
                .call(stub -> stub.getHealth(
                        GetHealthRequest.newBuilder().setProbe(true).build()));
        List<String> problems = new ArrayList<>();
        if (health.getNodesCount() == 0) {
            problems.add("knows of no node's health (expected: every node's)");
        }
        for (NodeHealth other : health.getNodesList()) {
            other.getHostList().forEach(path -> check(other.getName() + " host", path, problems));
            other.getEndpointList().forEach(path -> check(other.getName() + " endpoint", path, problems));
        }
        return problems;
    }

    private static void check(String what, PathHealth path, List<String> problems) {
        check(what + " " + path.getIp() + " ICMP", path.getIcmp(), problems);
        check(what + " " + path.getIp() + " HTTP", path.getHttp(), problems);
    }

    private static void check(String what, ProbeResult result, List<String> problems) {
        if (!result.getError().isEmpty()) {
            problems.add(what + ": " + result.getError());
        } else if (result.getRttNs() == 0) {
            problems.add(what + ": not probed yet");
        }
    }

    @Override
    public List<String> explain(Flow flow) {
        if (flow.from().node().isEmpty()) {
            return List.of();
        }
        ExplainRequest request = ExplainRequest.newBuilder()
                .setSource(
                        flow.from().kind() == Place.Kind.NODE
                                ? "host"
                                : flow.from().name())
                .setDestination(flow.ip().toString())
                .setPort(flow.port())
                .build();
        ExplainAnswer answer = new ExplainAnswer(client(flow.from().node()).call(stub -> stub.explain(request)));
        return answer.text(new TextStyle(true, TextStyle.Detail.NORMAL)).lines().toList();
    }

    @Override
    public void close() {
        clients.values().forEach(AgentClient::close);
    }
}
