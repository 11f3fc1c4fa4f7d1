package io.fairlead.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Pods under traffic, judged by a policy of many forms: every one allows the same flows (from a pod of the node, to one
 * of another node, to the world) and forbids the same others.
 */
final class UnderTraffic {
    private static final String UDP = "toPorts: [{ports: [{port: \"%s\", protocol: UDP%s}]}]";
    private static final String DENIED = "toPorts: [{ports: [{port: \"9999\", protocol: ANY}]}]";
    private static final String SAME = "matchLabels: {app: cni-same}";
    private static final String SERVER = "matchLabels: {app: cni-server}";
    private static final String ROUTER = "192.168.2.2";

    /** Labels with ports, ports alone, entities and a prefix with an exception, denies, labels alone, ranges. */
    private static final List<String> FORMS = List.of("""
              ingress: [{fromEndpoints: [{SAME}], UDP(7004)}]
              egress: [{toEndpoints: [{SERVER}], UDP(7002)}, {toCIDR: [192.168.2.2/32], UDP(7006)}]
            """, """
              ingress: [{UDP(7000-7010)}]
              egress: [{UDP(7000-7010)}]
            """, """
              ingress: [{fromEntities: [cluster], UDP(7004)}]
              egress:
              - {toEntities: [cluster], UDP(7002)}
              - {toCIDRSet: [{cidr: 192.168.0.0/16, except: [192.168.2.10/32]}], UDP(7006)}
            """, """
              ingress: [{fromEntities: [all]}]
              ingressDeny: [{fromEndpoints: [{matchLabels: {app: stranger}}]}, {fromEntities: [all], DENIED}]
              egress: [{toEntities: [world, cluster]}]
              egressDeny: [{toEntities: [all], DENIED}]
            """, """
              ingress: [{fromEndpoints: [{SAME}]}]
              ingressDeny: [{DENIED}]
              egress: [{toEndpoints: [{SERVER}]}, {toCIDR: [192.168.2.2/32]}]
              egressDeny: [{toCIDR: [0.0.0.0/0], DENIED}]
            """, """
              ingress: [{fromEndpoints: [{SAME}], UDP(7004-7007)}]
              egress: [{toEntities: [world], UDP(7006)}, {toEndpoints: [{SERVER}], UDP(7002-7003)}]
              egressDeny: [{toCIDR: [203.0.113.0/24]}]
            """);

    private final Sandbox sandbox;

    UnderTraffic(Sandbox sandbox) {
        this.sandbox = sandbox;
    }

    static int forms() {
        return FORMS.size();
    }

    /** Has a form of the policy be in force on every node. */
    void apply(int form) throws IOException {
        String rules = FORMS.get(form)
                .replace("SAME", SAME)
                .replace("SERVER", SERVER)
                .replace("DENIED", DENIED)
                .replaceAll("UDP\\((\\d+)-(\\d+)\\)", UDP.formatted("$1", ", endPort: $2"))
                .replaceAll("UDP\\((\\d+)\\)", UDP.formatted("$1", ""));
        Path file = Files.createTempFile("fl-policy", ".yaml");
        try {
            Files.writeString(file, """
                    apiVersion: cilium.io/v2
                    kind: CiliumNetworkPolicy
                    metadata: {name: moving, namespace: default}
                    spec:
                      endpointSelector: {matchLabels: {app: cni-client}}
                    """ + rules);
            policy("apply", "-f", file.toString());
        } finally {
            Files.delete(file);
        }
    }

    /** Has no policy any more. */
    void forget() {
        policy("delete", "cnp", "moving");
    }

    private void policy(String action, String... arguments) {
        List<String> command = new ArrayList<>(List.of("fairlead", "dev1", "--", "policy", action));
        command.addAll(List.of(arguments));
        sandbox.ok(command.toArray(String[]::new));
    }

    /** Begins traffic: three flows that are allowed and, with pod "stranger", three that are not. */
    Traffic start() throws IOException, InterruptedException {
        return start(6_700);
    }

    /** The same with another rate, in packets/s each way of each allowed flow. */
    Traffic start(int rate) throws IOException, InterruptedException {
        return Traffic.start(
                rate,
                List.of(
                        flow("both", "cni-client", 7001, "cni-server", 7002),
                        flow("both", "cni-same", 7003, "cni-client", 7004),
                        flow("both", "cni-client", 7005, "router", 7006),
                        flow("never", "stranger", 8001, "cni-client", 9998),
                        flow("never", "cni-same", 8003, "cni-client", 9999),
                        flow("never", "cni-client", 8005, "router", 9999)));
    }

    private String flow(String kind, String from, int sport, String to, int dport) {
        return String.join(",", kind, end(from), String.valueOf(sport), end(to), String.valueOf(dport));
    }

    private String end(String place) {
        boolean router = place.equals("router");
        return "fl-" + sandbox.name() + (router ? "-" : "-pod-") + place + ","
                + (router ? ROUTER : sandbox.podIp(place));
    }
}
