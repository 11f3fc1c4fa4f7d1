package io.fairlead.cli.connectivity;

import io.fairlead.cli.connectivity.Driver.PodPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Everything the tests use, made once for all of them.
 *
 * @param nodes of the cluster
 * @param clients pods that ask: two on the first node, one on the second when there is one
 * @param echoes pods that answer on {@link #ECHO_PORT}: one on the first node, one on the last
 * @param world hosts outside, which answer on {@link #WORLD_PORTS}: "one" and "two"
 */
record Site(List<Place> nodes, List<Place> clients, List<Place> echoes, List<Place> world) {
    static final String NAMESPACE = "fairlead-test";
    static final String HOLD_NAMESPACE = "fairlead-test-hold";
    static final int ECHO_PORT = 8080;
    static final int HOLD_PORT = 8081;
    static final List<Integer> WORLD_PORTS = List.of(80, 443, 8080);

    Site {
        nodes = List.copyOf(nodes);
        clients = List.copyOf(clients);
        echoes = List.copyOf(echoes);
        world = List.copyOf(world);
    }

    /** Pods that answer, in the order of the tests. */
    List<Place> pods() {
        List<Place> all = new ArrayList<>(clients);
        all.addAll(echoes);
        return all;
    }

    /** Pods to be made on these nodes; the ones that keep a connection are last. */
    static List<PodPlan> plans(List<Place> nodes) {
        String first = nodes.get(0).name();
        List<PodPlan> plans = new ArrayList<>();
        plans.add(client("client", first, Map.of("kind", "client", "name", "client")));
        plans.add(client("client2", first, Map.of("kind", "client", "name", "client2", "other", "client")));
        plans.add(echo("echo-same-node", first, Map.of("kind", "echo", "name", "echo-same-node", "other", "echo")));
        if (nodes.size() > 1) {
            String second = nodes.get(1).name();
            String last = nodes.get(nodes.size() - 1).name();
            plans.add(client("client3", second, Map.of("kind", "client", "name", "client3")));
            plans.add(
                    echo("echo-other-node", last, Map.of("kind", "echo", "name", "echo-other-node", "first", "echo")));
        }
        plans.add(new PodPlan(first, HOLD_NAMESPACE, "hold-client", Map.of("kind", "hold"), List.of()));
        plans.add(new PodPlan(
                nodes.get(nodes.size() - 1).name(),
                HOLD_NAMESPACE,
                "hold-server",
                Map.of("kind", "hold"),
                List.of(HOLD_PORT)));
        return plans;
    }

    private static PodPlan client(String name, String node, Map<String, String> labels) {
        return new PodPlan(node, NAMESPACE, name, labels, List.of());
    }

    private static PodPlan echo(String name, String node, Map<String, String> labels) {
        return new PodPlan(node, NAMESPACE, name, labels, List.of(ECHO_PORT));
    }
}
