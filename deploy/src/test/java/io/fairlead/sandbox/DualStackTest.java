package io.fairlead.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.sandbox.Sandbox.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** Two nodes whose pods have both families, and so few IPv4 addresses a block that a node soon needs another. */
@Tag("root")
@Timeout(180)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DualStackTest {
    private static final int PODS = 8;

    private static Sandbox sandbox;

    @BeforeAll
    static void up() throws IOException {
        sandbox = new Sandbox("d" + ProcessHandle.current().pid());
        sandbox.ok("up", "--nodes", "2", "--ipv6", "--config", "ipam.cluster-pool-ipv4-mask-size=29");
    }

    @AfterAll
    static void down() {
        sandbox.close();
    }

    @Test
    @Order(1)
    void podsOfTwoNodesReachEachOtherOverIpv6WithoutATunnel() throws Exception {
        String server = podIpv6("cni-server");
        Running wire = sandbox.begin(
                "node", "exec", "dev1", "--", "timeout", "-s", "INT", "30", "tcpdump", "-lnni", "ens33", "-c", "6",
                "ip6", "proto", "58", "and", "host", server);
        Sandbox.await(
                "tcpdump listens", Duration.ofSeconds(10), () -> text(wire).contains("listening on"));

        String pings =
                sandbox.ok("pod", "exec", "cni-client", "--", "ping", "-6", "-c", "3", "-i", "0.2", "-W", "1", server);

        assertThat(pings).contains("3 packets transmitted, 3 received");
        String seen = wire.end(Duration.ofSeconds(40));
        assertThat(seen.lines().filter(line -> line.contains("ICMP6, echo")))
                .as(seen)
                .hasSizeGreaterThanOrEqualTo(6)
                .allMatch(line -> line.contains(podIpv6("cni-client")) && line.contains(server));
        assertThat(seen).doesNotContainIgnoringCase("vxlan").doesNotContainIgnoringCase("geneve");
        assertThat(sandbox.ok("node", "exec", "dev1", "--", "ip", "-6", "route", "get", server))
                .contains("via fd02:0:0:2::32 dev ens33");
    }

    @Test
    @Order(2)
    void bothFamiliesWorkBetweenPodsNodesAndTheirRouters() {
        assertThat(sandbox.answers("cni-client", sandbox.podIp("cni-server"))).isTrue();
        assertThat(sandbox.answers("cni-client", podIpv6("cni-same")))
                .as("a pod of the same node")
                .isTrue();
        assertThat(sandbox.answers("cni-client", "fd02:0:0:2::32"))
                .as("the other node")
                .isTrue();
        assertThat(sandbox.run("node", "exec", "dev2", "--", "ping", "-6", "-c", "1", "-W", "2", podIpv6("cni-client"))
                        .exit())
                .as("from the other node")
                .isZero();
        assertThat(sandbox.ok("fairlead", "dev1", "--", "node", "list")).contains("fd02:0:0:2::31", "fd02:0:0:2::32");
    }

    @Test
    @Order(3)
    void aNodeThatRunsOutGetsAnotherBlockAndItsPodsAreReached() throws Exception {
        List<Running> adds = new ArrayList<>();
        for (int i = 0; i < PODS; i++) {
            adds.add(sandbox.begin("pod", "add", "more" + i, "--node", "dev1"));
        }
        for (Running add : adds) {
            assertThat(add.end(Duration.ofSeconds(30))).contains("on dev1: 10.244.");
        }
        assertThat(sandbox.ok("fairlead", "dev1", "--", "status"))
                .containsPattern(
                        "IPAM: +IPv4: 12/\\d+ allocated from 10\\.244\\.0\\.\\d+/29, 10\\.244\\.0\\.\\d+/29, ");
        for (int i = 0; i < PODS; i++) {
            assertThat(sandbox.answers("cni-server", sandbox.podIp("more" + i)))
                    .as("more" + i)
                    .isTrue();
        }
    }

    @Test
    @Order(4)
    void aRestartedAgentKeepsItsBlocksItsRouterAndItsPods() throws Exception {
        String before = ipam();
        sandbox.ok("kill", "dev1", "-9");
        sandbox.ok("start", "dev1");
        assertThat(ipam()).isEqualTo(before);
        assertThat(sandbox.ok("fairlead", "dev1", "--", "status", "--verbose"))
                .contains("(router)", "(health)", "default/more0", "[restored]");
        assertThat(sandbox.answers("cni-server", sandbox.podIp("more" + (PODS - 1))))
                .isTrue();
        assertThat(sandbox.answers("cni-server", podIpv6("more0"))).isTrue();
    }

    @Test
    @Order(5)
    void anEntryTheStoreLostIsThereAgain() throws Exception {
        String key = "cilium/state/ip/v1/default/" + podIpv6("more1");
        assertThat(sandbox.ok("etcdctl", "del", key)).startsWith("1");
        Sandbox.await(
                "published again",
                Duration.ofSeconds(20),
                () -> sandbox.ok("etcdctl", "get", key).contains("more1"));
        assertThat(sandbox.ok("logs", "dev1")).contains("Received kvstore delete notification for alive ipcache entry");
    }

    @Test
    @Order(6)
    void aNodeTheStoreLostRegistersAgainWithAllItHas() throws Exception {
        String key = "cilium/state/nodes/v1/default/dev1";
        String before = sandbox.ok("fairlead", "dev2", "--", "node", "list");
        assertThat(sandbox.ok("etcdctl", "del", key)).startsWith("1");
        Sandbox.await(
                "registered again",
                Duration.ofSeconds(40),
                () -> sandbox.ok("etcdctl", "get", key).contains("dev1"));
        Sandbox.await(
                "known to the other node with every CIDR",
                Duration.ofSeconds(20),
                () -> sandbox.ok("fairlead", "dev2", "--", "node", "list").equals(before));
        assertThat(sandbox.answers("cni-server", sandbox.podIp("more" + (PODS - 1))))
                .isTrue();
    }

    private static String ipam() {
        return sandbox.ok("fairlead", "dev1", "--", "status")
                .lines()
                .filter(line -> line.startsWith("IPAM:"))
                .findFirst()
                .orElseThrow();
    }

    private static String podIpv6(String pod) {
        String root = System.getenv().getOrDefault("FAIRLEAD_SANDBOX_STATE", "/run/fairlead-sandbox");
        try {
            JsonNode result = new ObjectMapper()
                    .readTree(Path.of(root, sandbox.name(), "pods", pod, "result.json")
                            .toFile());
            for (JsonNode ip : result.path("ips")) {
                String address = ip.path("address").asText();
                if (address.contains(":")) {
                    return address.substring(0, address.indexOf('/'));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new AssertionError("no IPv6 address of " + pod);
    }

    private static String text(Running running) {
        try {
            return running.soFar();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
