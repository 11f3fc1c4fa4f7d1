package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import io.fairlead.node.api.AgentAnswers;
import io.fairlead.node.api.ConnectionLists;
import io.fairlead.node.api.EndpointDetails;
import io.fairlead.node.api.ExplainApi;
import io.fairlead.node.api.HealthApi;
import io.fairlead.node.api.MonitorApi;
import io.fairlead.node.api.PolicyLists;
import io.fairlead.node.client.DropReporter;
import io.fairlead.node.conntrack.ConntrackGc;
import io.fairlead.node.conntrack.ConntrackTables;
import io.fairlead.node.conntrack.GcCounts;
import io.fairlead.node.conntrack.OwnThread;
import io.fairlead.node.conntrack.Pace;
import io.fairlead.node.datapath.DatapathSettings;
import io.fairlead.node.datapath.LoadedDatapath;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.explain.Explainer;
import io.fairlead.node.explain.IdentityLabels;
import io.fairlead.node.explain.KernelRouting;
import io.fairlead.node.explain.NodeAddresses;
import io.fairlead.node.explain.Surroundings;
import io.fairlead.node.explain.grpc.PeerClient;
import io.fairlead.node.explain.grpc.PeerServer;
import io.fairlead.node.health.HealthSettings;
import io.fairlead.node.health.NodeHealth;
import io.fairlead.node.kernel.NoMasquerade;
import io.fairlead.node.kernel.bpf.HookedPrograms;
import io.fairlead.node.kernel.bpf.NoMasqueradeMap;
import io.fairlead.node.kernel.bpf.PolicyMap;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.metrics.NodeMetrics;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.route.v1.RouteServiceGrpc.RouteServiceBlockingStub;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.tls.Guard;
import io.fairlead.runtime.grpc.tls.Tls;
import io.fairlead.runtime.process.Lifecycle;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** What the agent does beside its core: it cleans up, checks health, explains, and answers about all of it. */
final class NodeParts {
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(10);

    private final LocalNode node;
    private final NodeDatapath datapath;
    private final EndpointManager endpoints;
    private final AgentConfig config;
    private final Optional<Tls> tls;
    private final Controllers controllers;
    private final Lifecycle life;
    // Set once while the agent starts, before anybody asks.
    private Supplier<GcCounts> collected = () -> new GcCounts(0, Duration.ZERO, Duration.ZERO, Map.of());

    /** What the agent was told, and its certificate if it has one. */
    record Told(AgentConfig config, Optional<Tls> tls) {}

    NodeParts(
            LocalNode node,
            NodeDatapath datapath,
            EndpointManager endpoints,
            Told told,
            Controllers controllers,
            Lifecycle life) {
        this.node = node;
        this.datapath = datapath;
        this.endpoints = endpoints;
        this.config = told.config();
        this.tls = told.tls();
        this.controllers = controllers;
        this.life = life;
    }

    /** Starts cleaning up connections and translations. */
    ConntrackTables collectGarbage() {
        LoadedDatapath loaded = datapath.loaded();
        ConntrackTables tables = ConntrackTables.of(loaded.spec(), loaded.object()::map);
        DatapathSettings.Connections settings = config.datapath().connections();
        Duration fixed = settings.gcInterval();
        Pace pace = fixed.isZero() ? Pace.LRU : new Pace(fixed, fixed, fixed);
        OwnThread thread = new OwnThread(ConntrackGc.NAME);
        life.onClose("connection garbage thread", thread);
        ConntrackGc gc = new ConntrackGc(tables, settings.lifetimes(), pace, thread, controllers.get(ConntrackGc.NAME));
        life.onClose("connection garbage", gc);
        gc.start();
        collected = gc::counts;
        return tables;
    }

    /** Starts telling what the datapath drops, which nobody in the cluster sees otherwise. */
    void reportDrops(RouteServiceBlockingStub distributor, Duration deadline, ScheduledExecutorService calls) {
        DropReporter drops = new DropReporter(node.name(), datapath.metrics()::read, distributor, deadline);
        life.onClose("drops", drops.start(calls));
    }

    NodeStatus status(NodeHealth health, Supplier<String> services) {
        return new NodeStatus(datapath, health, services);
    }

    /** Makes everything known to Prometheus. */
    void exportMetrics(NodeHealth health, NodeStatus status, AddressPool pool) {
        NodeMetrics.Sources sources = new NodeMetrics.Sources(
                datapath.metrics()::read,
                () -> new NodeMetrics.Pods(endpoints.endpoints(), pool.uses()),
                controllers::all,
                reconciler()::observed,
                status::capacities,
                collected,
                () -> new NodeMetrics.ClusterView(
                        reconciler().state(), reconciler().report(), health.state(), status.monitor()));
        life.metrics().getPrometheusRegistry().register(new NodeMetrics(sources));
    }

    /** Starts answering and asking other nodes how they are. */
    NodeHealth checkHealth(Random random) throws IOException {
        DatapathSettings.Health wanted = config.datapath().health();
        HealthSettings settings = new HealthSettings(
                wanted.nodes(),
                wanted.endpoints(),
                wanted.port(),
                HealthSettings.DEFAULT.interval(),
                HealthSettings.DEFAULT.deadline());
        NodeHealth health = new NodeHealth(
                settings,
                new NodeHealth.Surroundings(
                        node, reconciler()::state, endpoints, controllers, config.stateDir(), random));
        life.onClose("health", health);
        health.start();
        return health;
    }

    /** What answers the command's questions; revision is that of the policies in the kernel. */
    AgentAnswers answers(Netlink netlink, NodeHealth health, ConntrackTables tables, LongSupplier revision)
            throws IOException {
        LoadedDatapath loaded = datapath.loaded();
        PolicyMap policyMap = new PolicyMap(loaded.spec(), loaded.object().map("policies"));
        PolicyLists policies = new PolicyLists(reconciler(), policyMap::readCounted, revision);
        NoMasqueradeMap exclusions =
                new NoMasqueradeMap(loaded.spec(), loaded.object().map("no_masquerade"));
        ExecutorService sender = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "monitor");
            thread.setDaemon(true);
            return thread;
        });
        life.onClose("monitor", sender::shutdownNow);
        return new AgentAnswers(
                new EndpointDetails(endpoints, loaded.hostEndpoint().value(), policies::of),
                new ConnectionLists(tables, this::addresses, System::nanoTime),
                policies,
                new MonitorApi(datapath.events().hub(), sender),
                new HealthApi(health::state, health::probeAll, PROBE_PATIENCE),
                new ExplainApi(explainer(netlink)),
                () -> exclusions.load().entrySet().stream()
                        .filter(entry -> entry.getValue() == NoMasquerade.AGENT)
                        .map(Map.Entry::getKey)
                        .toList());
    }

    private Explainer explainer(Netlink netlink) throws IOException {
        LoadedDatapath loaded = datapath.loaded();
        HookedPrograms programs = new HookedPrograms(
                loaded.spec(),
                config.bpfRoot().resolve("links"),
                loaded.object().map("explained"));
        Explainer explainer = new Explainer(new Surroundings(
                node,
                reconciler()::state,
                endpoints::endpoints,
                programs::run,
                new KernelRouting(netlink),
                new PeerClient(config.peerPort(), tls),
                new IdentityLabels(
                        reconciler()::state,
                        identity -> reconciler().policies().prefixLabels().getOrDefault(identity, List.of())),
                rule -> Optional.ofNullable(reconciler().policies().ruleTexts().get(rule))));
        for (Ip address : node.addresses()) {
            PeerServer peers = PeerServer.start(
                    new HostPort(address.toString(), config.peerPort()),
                    explainer,
                    new NodeAddresses(node, reconciler()::state),
                    Guard.of(tls, PeerServer.RIGHTS, life.metrics()));
            life.onClose("peers " + address, peers);
        }
        return explainer;
    }

    private Set<Ip> addresses(int endpoint) {
        Set<Ip> addresses = new HashSet<>();
        if (endpoint == datapath.loaded().hostEndpoint().value()) {
            addresses.addAll(reconciler().state().hostAddresses());
            addresses.addAll(node.routers());
            addresses.addAll(node.addresses());
        }
        for (Pod pod : reconciler().state().pods().values()) {
            if (pod.id() == endpoint) {
                pod.ipv4().ifPresent(addresses::add);
                pod.ipv6().ifPresent(addresses::add);
            }
        }
        return addresses;
    }

    private Reconciler reconciler() {
        return datapath.reconciler();
    }
}
