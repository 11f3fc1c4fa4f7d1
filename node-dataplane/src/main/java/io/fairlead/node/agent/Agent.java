package io.fairlead.node.agent;

import io.fairlead.node.api.AgentAnswers;
import io.fairlead.node.api.AgentApi;
import io.fairlead.node.api.AgentView;
import io.fairlead.node.client.IdentityClient;
import io.fairlead.node.cni.CniCommands;
import io.fairlead.node.cni.CniServer;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.feed.IdentityFeed;
import io.fairlead.node.health.NodeHealth;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.NetlinkMonitor;
import io.fairlead.node.kernel.netlink.NetlinkMonitor.Topic;
import io.fairlead.node.monitor.ToldEndpoints;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.registration.Registration;
import io.fairlead.node.requirements.NodeRequirements;
import io.fairlead.node.requirements.Requirement;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.node.wiring.NetlinkPodDevices;
import io.fairlead.runtime.grpc.GrpcServer;
import io.fairlead.runtime.grpc.tls.Tls;
import io.fairlead.runtime.process.Lifecycle;
import io.fairlead.runtime.retry.Backoff;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The agent: started step by step, each with what undoes it. None of that takes anything out of the kernel. */
final class Agent {
    private static final Logger LOGGER = LoggerFactory.getLogger(Agent.class);
    private static final Duration SETTLE_DEADLINE = Duration.ofSeconds(20);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration CALL_DEADLINE = Duration.ofSeconds(5);

    private static final int REFRESH_SECONDS = 60;
    private static final int RETRY_SECONDS = 5;

    private final AgentConfig config;
    private final Optional<Tls> tls;
    private final Lifecycle life;
    private final Controllers controllers = new Controllers(Clock.systemUTC());
    private final Random random = new Random();

    /** @param tls for connections to services and other agents; empty for plain ones */
    Agent(AgentConfig config, Optional<Tls> tls, Lifecycle life) {
        this.config = config;
        this.tls = tls;
        this.life = life;
    }

    /**
     * Starts everything; blocks while the node waits for its pod CIDR.
     *
     * @throws IllegalStateException listing what the node lacks, each with its fix
     */
    void start() throws IOException, InterruptedException {
        takeNode();
        ScheduledExecutorService background = scheduler("feed");
        ScheduledExecutorService calls = scheduler("control-plane");
        Netlink netlink = netlink();
        NodeDevices devices = NodeDevices.find(netlink, config);
        ServiceChannels channels = channels();
        NodeSupply addresses = new NodeSupply(config, controllers, calls, life);
        Registration registration = registration(channels);
        Registration.Registered registered = registration.register(addresses.wanted(netlink, devices), calls);
        LocalNode node = registered.node();
        NodeDatapath datapath =
                NodeDatapath.load(netlink, node, devices, config, new NodeDatapath.Host(controllers, life));
        Reconciler reconciler = datapath.reconciler();
        AddressPool pool = pool(registered);
        IdentityClient identities = new IdentityClient(node.name(), node.address(), channels.identity(), CALL_DEADLINE);
        EndpointManager endpoints = endpoints(
                datapath, pool, identities, new NetlinkPodDevices(netlink), addresses.settings(devices, PATIENCE));
        reconciler.start(config.resyncInterval());
        Controller refreshing = controllers.get("endpoint-refresh");
        Runnable tellAgain = () -> {
            registration.again(registered, calls);
            addresses.tellAgain(endpoints, refreshing, endpoint -> true);
        };
        IdentityFeed policies = new NodeFeeds(node, channels, reconciler, controllers, life)
                .start(background, this::backoff, tellAgain);
        addresses.watchEntries(node, endpoints, refreshing, reconciler);
        addresses.keep(registered, pool, reconciler, registration, backoff(Duration.ofSeconds(30)));
        watch(netlink, datapath);
        keepRefreshing(endpoints, refreshing, calls);
        NodeParts parts = new NodeParts(node, datapath, endpoints, new NodeParts.Told(config, tls), controllers, life);
        parts.reportDrops(channels.distributor(), CALL_DEADLINE, calls);
        answer(
                parts,
                netlink,
                channels,
                policies::version,
                status -> view(node, datapath, endpoints, pool, channels, status));
        datapath.events().notices().agentStarted(Instant.now());
    }

    private Netlink netlink() {
        Netlink netlink = Netlink.open();
        life.onClose("netlink", netlink);
        return netlink;
    }

    private ServiceChannels channels() {
        return ServiceChannels.open(
                config.services(), config.nodeName(), new ServiceChannels.Calls(CALL_DEADLINE, tls), life);
    }

    private Registration registration(ServiceChannels channels) {
        return new Registration(channels.ipam(), config.stateDir(), controllers.get("node-registration"), backoff());
    }

    private AddressPool pool(Registration.Registered registered) {
        return new AddressPool(
                registered.blocks(),
                registered.node().routers(),
                config.addressing().defaultPool(),
                random);
    }

    /** Everything the command and Prometheus may ask for. */
    private void answer(
            NodeParts parts,
            Netlink netlink,
            ServiceChannels channels,
            LongSupplier revision,
            Function<NodeStatus, AgentView> view)
            throws IOException {
        NodeHealth health = parts.checkHealth(random);
        NodeStatus status = parts.status(health, channels::inUse);
        AgentAnswers answers = parts.answers(netlink, health, parts.collectGarbage(), revision);
        AgentView shown = view.apply(status);
        parts.exportMetrics(health, status, shown.addresses());
        serve(shown, answers);
    }

    /** The node's pods, those restored from its disk among them. */
    private EndpointManager endpoints(
            NodeDatapath datapath,
            AddressPool pool,
            IdentityClient identities,
            NetlinkPodDevices pods,
            EndpointManager.Settings settings) {
        ReconcilerSettler settler = new ReconcilerSettler(datapath.reconciler(), SETTLE_DEADLINE);
        ToldEndpoints publisher =
                new ToldEndpoints(identities, datapath.events().notices());
        EndpointManager endpoints = new EndpointManager(
                settings, pool, new EndpointManager.Ports(pods, identities, publisher, settler), random);
        endpoints.reserve(datapath.loaded().hostEndpoint());
        restore(endpoints, settler);
        life.onClose("endpoints", endpoints);
        return endpoints;
    }

    private AgentView view(
            LocalNode node,
            NodeDatapath datapath,
            EndpointManager endpoints,
            AddressPool pool,
            ServiceChannels channels,
            NodeStatus status) {
        return new AgentView(
                node,
                datapath.reconciler(),
                endpoints,
                pool,
                datapath.metrics()::read,
                controllers,
                channels.distributor(),
                version(),
                status);
    }

    private void takeNode() throws IOException {
        List<Requirement> missing = new NodeRequirements(Path.of("/"), config.bpfRoot(), config.stateDir()).missing();
        if (!missing.isEmpty()) {
            throw new IllegalStateException("this node cannot run the agent:\n"
                    + missing.stream().map(r -> "  " + r).collect(Collectors.joining("\n")));
        }
        life.onClose("lock", AgentLock.take(config.stateDir()));
    }

    /** A thread of its own: calls to services block until their deadline, never on the one the streams need. */
    private ScheduledExecutorService scheduler(String name) {
        ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        life.onClose(name, scheduler::shutdownNow);
        return scheduler;
    }

    private void restore(EndpointManager endpoints, ReconcilerSettler settler) {
        EndpointManager.Restored restored = endpoints.start();
        settler.adoptionsComplete();
        LOGGER.atInfo()
                .addKeyValue("kept", restored.kept())
                .addKeyValue("removed", restored.removed())
                .addKeyValue("stuck", restored.stuck())
                .addKeyValue("quarantined", restored.quarantined())
                .log("endpoints restored");
    }

    /** Routes go with their device or address and nobody says so: any change of those is a reason to look. */
    private void watch(Netlink netlink, NodeDatapath datapath) {
        Controller controller = controllers.get("kernel-monitor");
        NetlinkMonitor monitor = NetlinkMonitor.start(
                Set.of(
                        Topic.LINK,
                        Topic.IPV4_ADDRESS,
                        Topic.IPV6_ADDRESS,
                        Topic.IPV4_ROUTE,
                        Topic.IPV6_ROUTE,
                        Topic.NEXTHOP),
                new NetlinkMonitor.Ignored(
                        Set.of(netlink.socket().portId()), name -> name.startsWith(Attachment.HOST_PREFIX)),
                datapath.onKernelChange(controller));
        life.onClose("kernel monitor", monitor);
    }

    /** The control plane may have lost what it was told while this node was away: it is told again, now and then. */
    private static void keepRefreshing(
            EndpointManager endpoints, Controller controller, ScheduledExecutorService calls) {
        calls.execute(() -> {
            boolean done = refresh(endpoints, controller);
            var unused = calls.schedule(
                    () -> keepRefreshing(endpoints, controller, calls),
                    done ? REFRESH_SECONDS : RETRY_SECONDS,
                    TimeUnit.SECONDS);
        });
    }

    private static boolean refresh(EndpointManager endpoints, Controller controller) {
        int failed = endpoints.refresh();
        if (failed == 0) {
            controller.succeeded();
        } else {
            controller.failed(failed + " endpoints could not be published");
        }
        return failed == 0;
    }

    private void serve(AgentView view, AgentAnswers answers) throws IOException {
        ExecutorService executor = Executors.newFixedThreadPool(4, task -> {
            Thread thread = new Thread(task, "api");
            thread.setDaemon(true);
            return thread;
        });
        life.onClose("api threads", executor::shutdownNow);
        GrpcServer api = GrpcServer.startUnix(config.apiSocket(), new AgentApi(view, answers, executor));
        life.onStop("api", api::stop);
        CniServer cni = CniServer.start(
                CniServer.Settings.of(config.cniSocket()),
                new CniCommands(view.endpoints(), view.node().cluster(), () -> notReady(view), life.metrics()));
        life.onClose("cni", cni);
    }

    /** What STATUS tells a runtime: an ADD cannot succeed before the services have been heard. */
    private static Optional<String> notReady(AgentView view) {
        return view.reconciler().state().missing().stream()
                .map(source -> "waiting for the first complete state of " + source.label())
                .findFirst();
    }

    private Backoff backoff() {
        return backoff(Duration.ofSeconds(5));
    }

    private Backoff backoff(Duration most) {
        return new Backoff(Duration.ofMillis(100), most, random);
    }

    private static String version() {
        String version = Agent.class.getPackage().getImplementationVersion();
        return version == null ? "0.1.0" : version;
    }
}
