package io.fairlead.node.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.Served;
import io.fairlead.node.conntrack.FakeFlows;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.endpoint.FakeNode;
import io.fairlead.node.explain.Explainer;
import io.fairlead.node.explain.RuleTexts;
import io.fairlead.node.explain.Surroundings;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.bpf.Metric;
import io.fairlead.node.monitor.Event;
import io.fairlead.node.monitor.EventSource;
import io.fairlead.node.monitor.MonitorHub;
import io.fairlead.node.reconcile.FakeKernel;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceBlockingStub;
import io.fairlead.proto.agent.v1.GetStatusRequest;
import io.fairlead.proto.agent.v1.GetStatusResponse;
import io.fairlead.proto.agent.v1.GetVersionRequest;
import io.fairlead.proto.agent.v1.ListBpfEndpointsRequest;
import io.fairlead.proto.agent.v1.ListBpfIpcacheRequest;
import io.fairlead.proto.agent.v1.ListBpfIpmasqRequest;
import io.fairlead.proto.agent.v1.ListBpfMetricsRequest;
import io.fairlead.proto.agent.v1.ListEndpointsRequest;
import io.fairlead.proto.agent.v1.ListIdentitiesRequest;
import io.fairlead.proto.agent.v1.ListNodesRequest;
import io.fairlead.proto.agent.v1.ListRoutesRequest;
import io.fairlead.proto.agent.v1.ListRoutesResponse;
import io.fairlead.proto.agent.v1.StatusLine;
import io.fairlead.proto.route.v1.NodeFailure;
import io.fairlead.proto.route.v1.Route;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.RouteStatus;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the fairlead command is answered, over a socket, from a kernel and a distributor in memory. */
class AgentApiTest {
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.31"),
            List.of(Cidr.parse("10.244.0.0/24")),
            List.of(Ip.parse("10.244.0.1")));
    private static final Cidr THEIRS = Cidr.parse("10.244.1.0/24");
    private static final Cidr FAR = Cidr.parse("10.244.2.0/24");

    @TempDir
    private Path directory;

    private final FakeKernel kernel = new FakeKernel(NODE);
    private final MonitorHub hub = MonitorHub.start(new NoEvents(), events -> {}, MonitorHub.Limits.DEFAULT);
    private final Controllers controllers = new Controllers(Clock.systemUTC());
    private final Distributor distributor = new Distributor();
    private final FakeInputs inputs = new FakeInputs();
    private Served distributing;
    private Served serving;
    private EndpointManager endpoints;
    private AgentServiceBlockingStub api;

    private static final class Distributor extends RouteServiceGrpc.RouteServiceImplBase {
        volatile boolean fails;

        @Override
        public void listRoutes(
                io.fairlead.proto.route.v1.ListRoutesRequest request,
                StreamObserver<io.fairlead.proto.route.v1.ListRoutesResponse> to) {
            var answer = io.fairlead.proto.route.v1.ListRoutesResponse.newBuilder()
                    .addRoutes(RouteStatus.newBuilder()
                            .setRoute(Route.newBuilder()
                                    .setCidr(THEIRS.toString())
                                    .setNextHop("192.168.2.32")
                                    .setNodeName("dev2"))
                            .addInstalled("dev1")
                            .addFailed(
                                    NodeFailure.newBuilder().setNodeName("dev3").setReason("no route found")));
            answer(to, answer.build());
        }

        @Override
        public void getStatus(
                io.fairlead.proto.route.v1.GetStatusRequest request,
                StreamObserver<io.fairlead.proto.route.v1.GetStatusResponse> to) {
            answer(
                    to,
                    io.fairlead.proto.route.v1.GetStatusResponse.newBuilder()
                            .setKvstoreHealthy(true)
                            .setKvstore("etcd: 1/1 connected")
                            .build());
        }

        private <T> void answer(StreamObserver<T> to, T answer) {
            if (fails) {
                to.onError(Status.UNAVAILABLE.withDescription("away").asRuntimeException());
                return;
            }
            to.onNext(answer);
            to.onCompleted();
        }
    }

    @BeforeEach
    void serve() throws Exception {
        AddressPool pool = new AddressPool(NODE.podCidrs(), new Random(3));
        endpoints = new EndpointManager(
                new EndpointManager.Settings(directory.resolve("state"), 1500, Duration.ofSeconds(5)),
                pool,
                new FakeNode().ports(),
                new Random(3));
        endpoints.start();
        distributing = new Served(Files.createDirectory(directory.resolve("d")), distributor);
        AgentView view = new AgentView(
                NODE,
                kernel.reconciler(),
                endpoints,
                pool,
                () -> List.of(new Metric(0, Metric.Direction.EGRESS, 3, 294)),
                controllers,
                RouteServiceGrpc.newBlockingStub(distributing.channel()),
                "0.1.0+17d3d15",
                inputs);
        serving =
                new Served(Files.createDirectory(directory.resolve("a")), new AgentApi(view, answers(), Runnable::run));
        api = AgentServiceGrpc.newBlockingStub(serving.channel());
    }

    /** Parts that have tests of their own, with nothing in them. */
    private AgentAnswers answers() {
        Surroundings around = new Surroundings(
                NODE,
                kernel.reconciler()::state,
                endpoints::endpoints,
                (hook, frame) -> Optional.empty(),
                new NoRouting(),
                (node, packet) -> {
                    throw new IllegalStateException("no peers");
                },
                identity -> List.of(),
                RuleTexts.NONE);
        return new AgentAnswers(
                new EndpointDetails(endpoints, 4999, id -> Optional.empty()),
                new ConnectionLists(new FakeFlows().tables, id -> Set.of(), System::nanoTime),
                new PolicyLists(kernel.reconciler(), Map::of, () -> 0),
                new MonitorApi(hub, Runnable::run),
                new HealthApi(Optional::empty, () -> CompletableFuture.completedFuture(null), Duration.ofSeconds(1)),
                new ExplainApi(new Explainer(around)),
                () -> List.of(Cidr.parse("192.0.2.0/24"), Cidr.parse("10.0.0.0/8")));
    }

    private static final class NoRouting implements Surroundings.Routing {
        @Override
        public String device(int ifindex) {
            return "device " + ifindex;
        }

        @Override
        public Mac mac(String device) {
            return new Mac(0);
        }

        @Override
        public Optional<Surroundings.Way> way(Ip destination) {
            return Optional.empty();
        }
    }

    private static final class NoEvents implements EventSource {
        @Override
        public int processors() {
            return 1;
        }

        @Override
        public int size() {
            return 4096;
        }

        @Override
        public int take(int most, List<Event> into) {
            return 0;
        }

        @Override
        public void lost(long[] counts) {}

        @Override
        public void close() {}
    }

    @Test
    void notMasqueradedPrefixesAreListedInOrder() {
        assertThat(api.listBpfIpmasq(ListBpfIpmasqRequest.getDefaultInstance()).getPrefixesList())
                .containsExactly("10.0.0.0/8", "192.0.2.0/24");
    }

    @AfterEach
    void stop() throws Exception {
        serving.close();
        distributing.close();
        endpoints.close();
        hub.close();
        kernel.close();
    }

    @Test
    void statusSaysWhatIsWaitedForThenThatAllIsWell() throws Exception {
        assertThat(line("Fairlead")).isEqualTo("Waiting for routes, identities, pods");
        all();
        GetStatusResponse status = status();
        assertThat(status.getHealthy()).isTrue();
        assertThat(status.getNodeName()).isEqualTo("dev1");
        assertThat(status.getLinesList())
                .extracting(StatusLine::getName)
                .containsExactly(
                        "KVStore",
                        "KubeProxyReplacement",
                        "Fairlead",
                        "NodeMonitor",
                        "Fairlead health daemon",
                        "IPAM",
                        "BandwidthManager",
                        "Host Routing",
                        "Masquerading",
                        "Clock Source for BPF",
                        "Proxy Status",
                        "Hubble",
                        "KubeProxyReplacement Details",
                        "BPF Maps",
                        "Encryption",
                        "Cluster health",
                        "Control plane",
                        "Routes",
                        "Kernel state",
                        "Policy");
        assertThat(line("KVStore")).isEqualTo("Ok   etcd: 1/1 connected");
        assertThat(line("Fairlead")).isEqualTo("Ok   0.1.0 (v0.1.0-17d3d15)");
        assertThat(line("Routes")).isEqualTo("2/2 direct node routes installed [ens33]");
    }

    @Test
    void whatTheKernelRefusesIsInTheStatusWithItsReason() throws Exception {
        kernel.refuse(TableId.IPCACHE, Cidr.parse("10.244.1.7/32"));
        kernel.refuse(TableId.ROUTES, FAR);
        all();
        assertThat(status().getHealthy()).isFalse();
        assertThat(line("Kernel state")).contains("Failure", "1 of ipcache failing", "EINVAL (no)");
        assertThat(line("Routes")).startsWith("1/2 direct").contains("10.244.2.0/24: routes add 10.244.2.0/24");
    }

    @Test
    void aPolicyThatIsNotInForceMakesTheNodeUnhealthyAndNamesItsEndpoint() throws Exception {
        all();
        assertThat(line("Policy")).isEqualTo("Ok");
        inputs.errors.put(149, "policy map is full");
        inputs.errors.put(12, "no room");
        assertThat(line("Policy")).isEqualTo("Failure endpoint 12: no room; endpoint 149: policy map is full");
        assertThat(status().getHealthy()).isFalse();
    }

    @Test
    void whatOtherPartsSayIsInTheirLines() throws Exception {
        all();
        inputs.routing = new StatusInputs.HostRouting(false, "BPF host routing requires enable-bpf-masquerade.");
        inputs.masquerading = "BPF [ens33] 10.0.0.0/8 [IPv4: Enabled, IPv6: Disabled]";
        inputs.monitor = Optional.of(new StatusInputs.Monitor(128, 64, 4096, 0, 0));
        inputs.health = Optional.of(new io.fairlead.node.health.ClusterState(List.of()));
        assertThat(line("Host Routing")).isEqualTo("Legacy (BPF host routing requires enable-bpf-masquerade.)");
        assertThat(line("Masquerading")).isEqualTo("BPF [ens33] 10.0.0.0/8 [IPv4: Enabled, IPv6: Disabled]");
        assertThat(line("NodeMonitor")).isEqualTo("Listening for events on 128 CPUs with 64x4096 of shared memory");
        assertThat(line("Fairlead health daemon")).isEqualTo("Ok");
        controllers.get("health-endpoint").failed("no address");
        assertThat(line("Fairlead health daemon")).isEqualTo("Failure no address");
        assertThat(status().getHealthy()).isFalse();
    }

    @Test
    void aControllerThatFailsMakesTheNodeUnhealthy() throws Exception {
        all();
        controllers.get("route-stream").failed("no distributor");
        GetStatusResponse status = status();
        assertThat(status.getHealthy()).isFalse();
        assertThat(status.getControllersList()).singleElement().satisfies(controller -> {
            assertThat(controller.getLastError()).isEqualTo("no distributor");
            assertThat(controller.getConsecutiveFailures()).isEqualTo(1);
        });
    }

    @Test
    void routesAreListedWithAndWithoutTheDistributor() throws Exception {
        all();
        ListRoutesResponse routes = api.listRoutes(ListRoutesRequest.getDefaultInstance());
        assertThat(routes.getDistributorError()).isEmpty();
        assertThat(routes.getRoutesList()).hasSize(3).allMatch(route -> route.getInstalledHere());
        assertThat(routes.getRoutes(0).getDevice()).isEqualTo("fl_host");
        assertThat(routes.getRoutes(1).getDevice()).isEqualTo("ens33");
        assertThat(routes.getRoutes(1).getInstalledList()).containsExactly("dev1");
        assertThat(routes.getRoutes(1).getFailedList()).containsExactly("dev3: no route found");

        distributor.fails = true;
        routes = api.listRoutes(ListRoutesRequest.getDefaultInstance());
        assertThat(routes.getDistributorError()).contains("away");
        assertThat(routes.getRoutesList()).hasSize(3);
        assertThat(line("KVStore")).contains("Unknown", "away");
    }

    @Test
    void listsShowWhatIsKnown() throws Exception {
        all();
        assertThat(api.listNodes(ListNodesRequest.getDefaultInstance()).getNodesList())
                .extracting(node -> node.getName() + " " + node.getIpv4() + " " + node.getSource())
                .containsExactly(
                        "default/dev1 192.168.2.31 local",
                        "default/dev2 192.168.2.32 kvstore",
                        "default/dev3 192.168.2.33 kvstore");
        assertThat(api.listIdentities(ListIdentitiesRequest.getDefaultInstance())
                        .getIdentitiesList())
                .anyMatch(i -> i.getIdentity() == 1 && i.getLabelsList().contains("reserved:host"))
                .anyMatch(i -> i.getIdentity() == 300 && i.getLabelsList().contains("k8s:app=a"));
        assertThat(api.listBpfIpcache(ListBpfIpcacheRequest.getDefaultInstance())
                        .getEntriesList())
                .anyMatch(e -> e.getPrefix().equals("10.244.1.7/32") && e.getIdentity() == 300);
        assertThat(api.listBpfEndpoints(ListBpfEndpointsRequest.getDefaultInstance())
                        .getEndpointsList())
                .anyMatch(e -> e.getHost() && e.getIp().equals("192.168.2.31"));
        assertThat(api.listBpfMetrics(ListBpfMetricsRequest.getDefaultInstance())
                        .getMetricsList())
                .singleElement()
                .matches(m -> m.getPackets() == 3 && m.getDirection().equals("EGRESS"));
        assertThat(api.listEndpoints(ListEndpointsRequest.getDefaultInstance()).getEndpointsList())
                .singleElement()
                .matches(host -> host.getId() == 4999 && host.getIdentity() == 1);
        assertThat(api.getVersion(GetVersionRequest.getDefaultInstance()).getVersion())
                .isEqualTo("0.1.0+17d3d15");
    }

    @Test
    void aTableThatCannotBeReadIsAnErrorThatSaysSo() throws Exception {
        all();
        kernel.unreadable(TableId.ENDPOINTS);
        assertThatThrownBy(() -> api.listBpfEndpoints(ListBpfEndpointsRequest.getDefaultInstance()))
                .hasMessageContaining("UNAVAILABLE: load endpoints: EIO");
    }

    private void all() throws Exception {
        kernel.reconciler()
                .update(state -> state.withPods(Map.of())
                        .withPeers(
                                Map.of(
                                        Cidr.parse("10.244.1.7/32"),
                                        new Peer(
                                                new IpcacheEntry(
                                                        new IdentityId(300), Optional.of(Ip.parse("192.168.2.32"))),
                                                "default",
                                                "p",
                                                "kvstore")),
                                Map.of(300, List.of("k8s:app=a")))
                        .withRoutes(Map.of(
                                NODE.podCidrs().get(0),
                                route(NODE.podCidrs().get(0), "192.168.2.31", "dev1"),
                                THEIRS,
                                route(THEIRS, "192.168.2.32", "dev2"),
                                FAR,
                                route(FAR, "192.168.2.33", "dev3"))))
                .get(5, TimeUnit.SECONDS);
    }

    private static PeerRoute route(Cidr cidr, String nextHop, String node) {
        return new PeerRoute(cidr, Ip.parse(nextHop), node, "default");
    }

    private GetStatusResponse status() {
        return api.getStatus(GetStatusRequest.getDefaultInstance());
    }

    private String line(String name) {
        return status().getLinesList().stream()
                .filter(line -> line.getName().equals(name))
                .map(StatusLine::getText)
                .findFirst()
                .orElseThrow();
    }
}
