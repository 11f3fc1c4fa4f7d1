package io.fairlead.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** One cluster, what is done to clusters, and what users must not notice of it. */
@Tag("root")
@Timeout(240)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SandboxTest {
    private static final String STRAY = "10.98.0.0/24";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Sandbox sandbox;

    @BeforeAll
    static void up() throws IOException {
        sandbox = new Sandbox("t" + ProcessHandle.current().pid());
        sandbox.ok("up");
    }

    @AfterAll
    static void down() {
        sandbox.close();
    }

    @Test
    @Order(1)
    void theWalkThroughGoesAsExpected() {
        assertThat(sandbox.ok("walk")).containsPattern("walk-through: (\\d+) of \\1 steps as expected");
    }

    @Test
    @Order(2)
    void everyConnectivityTestPasses() {
        sandbox.passesConnectivityTest();
    }

    @Test
    @Order(3)
    void killedAgentsLoseNoPacketAndTakeTheirEndpointsBack() throws Exception {
        String endpoints = sandbox.ok("fairlead", "dev1", "--", "endpoint", "list", "-o", "json");
        Ping ping = pingAcross();

        sandbox.ok("kill", "dev1", "-9");
        sandbox.ok("kill", "dev3", "-9");
        sandbox.together("start", "dev1", "dev3");

        ping.nothingLost();
        assertThat(identities(sandbox.ok("fairlead", "dev1", "--", "endpoint", "list", "-o", "json")))
                .isEqualTo(identities(endpoints));
        sandbox.ok("pod", "add", "afterwards", "--node", "dev1");
        assertThat(sandbox.answers("afterwards", sandbox.podIp("cni-server"))).isTrue();
        sandbox.ok("pod", "delete", "afterwards");
    }

    @Test
    @Order(4)
    void aStoppedControlPlaneLosesNoPacketAndNewStateArrivesAfterwards() throws Exception {
        Ping ping = pingAcross();

        for (String component : new String[] {"route", "identity", "ipam", "etcd"}) {
            sandbox.ok("kill", component, "-9");
        }
        // what a runtime is told while nobody can say who the pod is
        assertThat(sandbox.run("pod", "add", "too-early", "--node", "dev2").exit())
                .isNotZero();
        // removal never needs the control plane
        sandbox.ok("start", "etcd");
        sandbox.together("start", "route", "identity", "ipam");
        ping.nothingLost();
        sandbox.ok("pod", "add", "new-one", "--node", "dev2", "--label", "app=new");
        assertThat(sandbox.answers("cni-client", sandbox.podIp("new-one"))).isTrue();
        sandbox.ok("pod", "delete", "new-one");
    }

    @Test
    @Order(5)
    void aPodCanBeRemovedWhileTheControlPlaneIsAway() throws Exception {
        sandbox.ok("pod", "add", "leaving", "--node", "dev2", "--label", "app=leaving");
        String ip = sandbox.podIp("leaving");
        sandbox.ok("kill", "identity", "-9");
        sandbox.ok("pod", "delete", "leaving");
        sandbox.ok("start", "identity");

        Sandbox.await(
                "withdrawn from the store",
                Duration.ofSeconds(30),
                () -> !sandbox.ok("etcdctl", "get", "--prefix", "--keys-only", "cilium/state/ip/v1/default/")
                        .contains("/" + ip + "\n"));
    }

    @Test
    @Order(6)
    void aNodeThatJoinsIsReachedAndOneThatLeavesIsForgotten() throws Exception {
        sandbox.ok("node", "add", "dev4");
        sandbox.ok("pod", "add", "guest", "--node", "dev4");
        assertThat(sandbox.answers("cni-client", sandbox.podIp("guest"))).isTrue();
        assertThat(routes("dev1")).contains("192.168.2.34");

        sandbox.ok("node", "remove", "dev4");

        Sandbox.await(
                "route gone", Duration.ofSeconds(10), () -> !routes("dev1").contains("192.168.2.34"));
        assertThat(routes("dev2")).doesNotContain("192.168.2.34");
    }

    @Test
    @Order(7)
    void aRestartedAgentSweepsWhatChangedMeanwhileAndTouchesNothingForeign() throws Exception {
        sandbox.ok("node", "add", "dev4");
        Sandbox.await(
                "route there", Duration.ofSeconds(10), () -> routes("dev1").contains("192.168.2.34"));
        sandbox.ok("node", "exec", "dev1", "--", "ip", "route", "add", "10.99.0.0/24", "via", "192.168.2.2");
        sandbox.ok("kill", "dev1", "-9");
        sandbox.ok("node", "remove", "dev4");
        assertThat(routes("dev1")).contains("192.168.2.34");

        sandbox.ok("start", "dev1");

        Sandbox.await(
                "leftover swept", Duration.ofSeconds(10), () -> !routes("dev1").contains("192.168.2.34"));
        assertThat(routes("dev1")).contains("10.99.0.0/24 via 192.168.2.2");
        sandbox.ok("node", "exec", "dev1", "--", "ip", "route", "del", "10.99.0.0/24");
    }

    @Test
    @Order(8)
    void aRouteDeletedOrAlteredIsRepaired() throws Exception {
        String podCidr = sandbox.podIp("cni-server").replaceAll("\\d+$", "0/24");
        sandbox.ok("node", "exec", "dev1", "--", "ip", "route", "del", podCidr, "metric", "70");
        Sandbox.await("route back", Duration.ofSeconds(10), () -> routes("dev1").contains(podCidr));
        assertThat(sandbox.answers("cni-client", sandbox.podIp("cni-server"))).isTrue();

        sandbox.ok(
                "node",
                "exec",
                "dev1",
                "--",
                "ip",
                "route",
                "replace",
                podCidr,
                "via",
                "192.168.2.32",
                "dev",
                "ens33",
                "proto",
                "70",
                "metric",
                "70");
        Sandbox.await(
                "route right again",
                Duration.ofSeconds(10),
                () -> routes("dev1")
                        .lines()
                        .anyMatch(line -> line.startsWith(podCidr) && line.contains("192.168.2.33")));
    }

    @Test
    @Order(9)
    void aMapEntryDeletedIsRepaired() throws Exception {
        Path map = nodeDirectory("dev1").resolve("bpf/endpoints");
        String key = hexKey(sandbox.podIp("cni-same"));
        Runtime.getRuntime().exec(new String[] {"true"}).waitFor();
        int exit = new ProcessBuilder("bash", "-c", "bpftool map delete pinned " + map + " key hex " + key)
                .inheritIO()
                .start()
                .waitFor();
        assertThat(exit).isZero();

        Sandbox.await(
                "entry back", Duration.ofSeconds(10), () -> sandbox.answers("cni-client", sandbox.podIp("cni-same")));
    }

    @Test
    @Order(10)
    void aPodWithoutItsProgramCarriesNothingUntilItIsBack() throws Exception {
        sandbox.ok("kill", "dev1", "-9");
        String device = sandbox.podDevice("cni-client");
        try (var pins = Files.list(nodeDirectory("dev1").resolve("bpf/links"))) {
            for (Path pin : pins.filter(p -> p.getFileName().toString().startsWith(device))
                    .toList()) {
                Files.delete(pin);
            }
        }

        assertThat(sandbox.answers("cni-client", sandbox.podIp("cni-server"))).isFalse();
        assertThat(sandbox.answers("cni-client", "192.168.2.31")).isFalse();

        sandbox.ok("start", "dev1");
        assertThat(sandbox.answers("cni-client", sandbox.podIp("cni-server"))).isTrue();
        assertThat(sandbox.answers("cni-client", "192.168.2.31")).isTrue();
    }

    @Test
    @Order(11)
    void aHopCountThatRunsOutIsAnswered() {
        String text = sandbox.run(
                        "pod",
                        "exec",
                        "cni-client",
                        "--",
                        "ping",
                        "-c",
                        "1",
                        "-t",
                        "1",
                        "-W",
                        "1",
                        sandbox.podIp("cni-server"))
                .text();
        assertThat(text).contains("Time to live exceeded");
    }

    @Test
    @Order(12)
    void podsAndNodesReachEachOther() {
        assertThat(sandbox.answers("cni-client", "192.168.2.31")).as("own node").isTrue();
        assertThat(sandbox.answers("cni-client", "192.168.2.33"))
                .as("other node")
                .isTrue();
        assertThat(sandbox.run("node", "exec", "dev1", "--", "ping", "-c", "2", "-W", "1", sandbox.podIp("cni-client"))
                        .exit())
                .as("node to its pod")
                .isZero();
        assertThat(sandbox.run("node", "exec", "dev2", "--", "ping", "-c", "2", "-W", "1", sandbox.podIp("cni-client"))
                        .exit())
                .as("node to a pod elsewhere")
                .isZero();
    }

    @Test
    @Order(13)
    void everyNodeSaysThatEveryNodeHasEveryRoute() throws Exception {
        JsonNode list = JSON.readTree(sandbox.ok("fairlead", "dev2", "--", "route", "list", "-o", "json"));
        assertThat(list.isArray() ? list : list.path("routes")).hasSize(3);
        assertThat(sandbox.ok("fairlead", "dev2", "--", "route", "list")).contains("3/3");
    }

    @Test
    @Order(13)
    void agentsKilledUnderTrafficLoseNothingAndOpenNothing() throws Exception {
        UnderTraffic pods = new UnderTraffic(sandbox);
        sandbox.ok("pod", "add", "stranger", "--node", "dev3", "--label", "app=stranger");
        pods.apply(0);
        try (Traffic traffic = pods.start()) {
            sandbox.ok("kill", "dev1", "-9");
            sandbox.ok("kill", "dev3", "-9");
            sandbox.together("start", "dev1", "dev3");
            traffic.end();
        }
    }

    @Test
    @Order(14)
    void policiesThatChangeAndRepairsUnderTrafficLoseNothingAndOpenNothing() throws Exception {
        UnderTraffic pods = new UnderTraffic(sandbox);
        try (Traffic traffic = pods.start()) {
            for (int change = 1; change <= 2 * UnderTraffic.forms(); change++) {
                if (change % 4 == 0) {
                    sandbox.ok(
                            "node", "exec", "dev1", "--", "ip", "route", "replace", STRAY, "dev", "lo", "proto", "70",
                            "metric", "70");
                }
                pods.apply(change % UnderTraffic.forms());
            }
            Sandbox.await(
                    "repaired", Duration.ofSeconds(10), () -> !routes("dev1").contains(STRAY));
            traffic.end();
        }
        pods.forget();
        sandbox.ok("pod", "delete", "stranger");
    }

    @Test
    @Order(15)
    void whoIsNotThatNodeIsRefusedAndLogged() throws Exception {
        new Inspection(sandbox).refusesIntruders();
    }

    @Test
    @Order(16)
    void metricsAreWhatPrometheusExpects() throws Exception {
        new Inspection(sandbox).metricsPassPromtool();
    }

    @Test
    @Order(17)
    void aSysdumpHasEverythingAndNothingTellsASecret() throws Exception {
        new Inspection(sandbox).sysdumpHasItsPartsAndNoSecretIsTold();
    }

    private static Ping pingAcross() throws Exception {
        return Ping.across(sandbox, "cni-client", sandbox.podIp("cni-server"), "0.02");
    }

    private static String routes(String node) {
        return sandbox.ok("node", "exec", node, "--", "ip", "route");
    }

    private static Path nodeDirectory(String node) {
        return Path.of("/run/fairlead-sandbox", sandbox.name(), "nodes", node);
    }

    /** An IPv4 address as a key of the map "endpoints", for bpftool: 16 bytes of address, then the family. */
    private static String hexKey(String ip) {
        StringBuilder key = new StringBuilder();
        for (String part : ip.split("\\.")) {
            key.append(String.format("%02x ", Integer.parseInt(part)));
        }
        return key + "00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00";
    }

    private static String identities(String endpointJson) throws IOException {
        StringBuilder text = new StringBuilder();
        JsonNode list = JSON.readTree(endpointJson);
        (list.isArray() ? list : list.path("endpoints"))
                .forEach(endpoint -> text.append(endpoint.path("id"))
                        .append(' ')
                        .append(endpoint.path("identity"))
                        .append(' ')
                        .append(endpoint.path("ipv4"))
                        .append('\n'));
        return text.toString();
    }
}
