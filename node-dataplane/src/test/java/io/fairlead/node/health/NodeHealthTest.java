package io.fairlead.node.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointState;
import io.fairlead.node.health.PathState.Reach;
import io.fairlead.node.kernel.IpcacheEntry;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes in namespaces, real echoes and requests between them and their health endpoints. */
@Tag("root")
class NodeHealthTest {
    private static final HealthSettings SETTINGS = HealthSettings.DEFAULT;

    @TempDir
    private Path directory;

    private TestNode one;
    private TestNode two;

    @BeforeEach
    void start() throws Exception {
        one = new TestNode(1, Files.createDirectory(directory.resolve("one")));
        two = new TestNode(2, Files.createDirectory(directory.resolve("two")));
        one.netns.ip("link add uplink type veth peer name uplink netns " + two.netns.name());
        for (TestNode node : List.of(one, two)) {
            node.netns.ip("link set uplink up");
            node.netns.ip("addr add " + node.node.address() + "/16 dev uplink");
        }
        one.netns.ip("route add 10.244.2.0/24 via 10.9.0.2");
        two.netns.ip("route add 10.244.1.0/24 via 10.9.0.1");
        one.start(SETTINGS);
        two.start(SETTINGS);
        await("both endpoints", () -> ready(one) && ready(two));
        tell();
    }

    @AfterEach
    void stop() {
        try {
            one.close();
        } finally {
            two.close();
        }
    }

    private void tell() {
        Map<Cidr, PeerRoute> routes = new HashMap<>();
        Map<Cidr, Peer> peers = new HashMap<>();
        for (TestNode node : List.of(one, two)) {
            Cidr cidr = node.node.podCidrs().get(0);
            routes.put(
                    cidr,
                    new PeerRoute(cidr, node.node.address(), node.node.name().value(), "default"));
            node.published.forEach((ip, identity) -> peers.put(
                    ip.toCidr(),
                    new Peer(new IpcacheEntry(identity, Optional.of(node.node.address())), "", "", "kvstore")));
        }
        DesiredState state = DesiredState.NOTHING.withRoutes(routes).withPeers(peers, Map.of());
        one.state = state;
        two.state = state;
    }

    @Test
    void nodesAndTheirEndpointsReachEachOther() throws Exception {
        for (TestNode node : List.of(one, two)) {
            await("all reachable from " + node.node.name(), () -> reachable(node) == 2);
            ClusterState state = node.health.state().orElseThrow();
            assertThat(state.nodes().get(0).node().name())
                    .isEqualTo(node.node.name().value());
            assertThat(state.nodes())
                    .flatExtracting(NodeState::endpoint)
                    .extracting(PathState::ip)
                    .containsExactlyInAnyOrder(one.endpointAddress(), two.endpointAddress());
            assertThat(state.nodes().stream().flatMap(NodeState::outcomes))
                    .hasSize(8)
                    .allSatisfy(outcome -> assertThat(outcome)
                            .isInstanceOfSatisfying(
                                    ProbeOutcome.Reached.class,
                                    reached -> assertThat(reached.roundTrip())
                                            .isBetween(Duration.ofNanos(1), Duration.ofSeconds(1))));
        }
        assertThat(one.published).containsEntry(one.endpointAddress(), IdentityId.Reserved.HEALTH.id());
        assertThat(one.netns.ip("link show lxc_health")).contains("UP");
    }

    @Test
    void anAgentThatStopsLeavesItsEndpointAndTheNextTakesItOn() throws Exception {
        Ip address = one.endpointAddress();
        Endpoint before = one.endpoints.find(Attachment.HEALTH).orElseThrow();
        one.stop();
        two.health.probeAll().get(20, TimeUnit.SECONDS);
        NodeState seen = of(two, "dev1");
        assertThat(seen.endpoint().get(0).icmp().orElseThrow()).isInstanceOf(ProbeOutcome.Reached.class);
        assertThat(seen.endpoint().get(0).http().orElseThrow())
                .isInstanceOfSatisfying(
                        ProbeOutcome.Failed.class,
                        failed -> assertThat(failed.reason()).isEqualTo("Connection refused"));
        one.start(SETTINGS);
        await("answers again", () -> {
            two.health.probeAll().join();
            return reachable(two) == 2;
        });
        assertThat(one.endpointAddress()).isEqualTo(address);
        assertThat(one.endpoints.find(Attachment.HEALTH).orElseThrow().device()).isEqualTo(before.device());
    }

    @Test
    void echoesAndRequestsGoOverIpv6Too() throws Exception {
        for (TestNode node : List.of(one, two)) {
            node.netns.ip("addr add fd02::" + (node == one ? 1 : 2) + "/64 dev uplink nodad");
        }
        Ip there = Ip.parse("fd02::2");
        Responder responder = new Responder();
        NetworkProbes probes = one.netns.run(() -> new NetworkProbes(SETTINGS.port(), new Random()));
        try {
            responder.serve(two.netns.run(
                    () -> Responder.listen(new InetSocketAddress(there.toInetAddress(), SETTINGS.port()))));
            for (Probes.Kind kind : Probes.Kind.values()) {
                // asked from a thread of the test's namespace: the sockets' namespace counts for echoes alone
                assertThat(one.netns
                                .run(() -> probes.probe(kind, there, Duration.ofSeconds(5)))
                                .get(20, TimeUnit.SECONDS))
                        .as("%s", kind)
                        .isPositive();
            }
            for (String nowhere : List.of("2001:db8::9", "192.0.2.9")) {
                assertThatThrownBy(() -> probes.probe(Probes.Kind.ICMP, Ip.parse(nowhere), Duration.ofSeconds(5))
                                .get(20, TimeUnit.SECONDS))
                        .hasMessageContaining("ICMP echo to " + nowhere + ": ENETUNREACH");
            }
        } finally {
            probes.close();
            responder.close();
        }
    }

    @Test
    void anEndpointThatIsSilentIsUnreachableWhileItsNodeIsNot() throws Exception {
        await("all reachable", () -> reachable(two) == 2);
        one.netns.ip("link set lxc_health down");
        two.health.probeAll().get(20, TimeUnit.SECONDS);
        NodeState seen = of(two, "dev1");
        assertThat(PathState.reach(seen.host())).isEqualTo(Reach.REACHABLE);
        assertThat(PathState.reach(seen.endpoint())).isEqualTo(Reach.UNREACHABLE);
        assertThat(seen.endpoint().get(0).icmp().orElseThrow())
                .isInstanceOfSatisfying(
                        ProbeOutcome.Failed.class,
                        failed -> assertThat(failed.reason()).isEqualTo(Probes.TIMED_OUT));
    }

    @Test
    void aNamespaceThatSomebodyRemovedIsMadeAgainAtTheNextStart() throws Exception {
        one.stop();
        one.namespace().remove();
        one.start(SETTINGS);
        await("endpoint is back", () -> ready(one));
        tell();
        await("all reachable", () -> {
            two.health.probeAll().join();
            return reachable(two) == 2;
        });
    }

    @Test
    void aFileThatIsNoNamespaceIsNoHindrance() throws Exception {
        one.stop();
        one.namespace().remove();
        Files.createFile(one.namespace().file());
        one.start(SETTINGS);
        await("endpoint is back", () -> ready(one));
        assertThat(one.namespace().exists()).isTrue();
    }

    @Test
    void anEndpointThatIsNotWantedGoesWithItsNamespace() throws Exception {
        one.stop();
        one.start(new HealthSettings(true, false, 4240, Duration.ofSeconds(60), Duration.ofSeconds(1)));
        await("endpoint is gone", () -> !Files.exists(one.namespace().file()));
        assertThat(one.endpoints.find(Attachment.HEALTH)).isEmpty();
        assertThat(one.netns.ip("link show")).doesNotContain("lxc_health");
        await("withdrawn", () -> one.published.isEmpty());
    }

    @Test
    void aPortThatIsTakenIsAFailingController() throws Exception {
        one.stop();
        try (var taken = one.netns.run(
                () -> Responder.listen(new InetSocketAddress(one.node.address().toInetAddress(), SETTINGS.port())))) {
            assertThat(taken.isOpen()).isTrue();
            one.start(SETTINGS);
            await(
                    "failing controller",
                    () -> one.controllers.get("health-host").state().lastError().contains("4240"));
        }
    }

    private static NodeState of(TestNode node, String name) {
        return node.health.state().orElseThrow().nodes().stream()
                .filter(state -> state.node().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static long reachable(TestNode node) {
        ClusterState state = node.health.state().orElseThrow();
        boolean endpoints = state.nodes().stream().noneMatch(n -> n.endpoint().isEmpty());
        return endpoints ? state.count(Reach.REACHABLE) : 0;
    }

    private static boolean ready(TestNode node) {
        return node.endpoints
                .find(Attachment.HEALTH)
                .filter(endpoint -> endpoint.state() == EndpointState.READY)
                .isPresent();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(25).toNanos();
        while (!condition.getAsBoolean() && System.nanoTime() - deadline < 0) {
            Thread.sleep(20);
        }
        assertThat(condition.getAsBoolean()).as(what).isTrue();
    }
}
