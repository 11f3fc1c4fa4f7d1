package io.fairlead.node.health;

import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.runtime.retry.Timers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** The node's part in the cluster's health: its two responders, its health endpoint and its prober. */
public final class NodeHealth implements AutoCloseable {
    private static final int ENSURE_SECONDS = 60;
    private static final int RETRY_SECONDS = 5;

    private final HealthSettings settings;
    private final LocalNode node;
    private final Responder responder;
    private final NetworkProbes probes;
    private final Prober prober;
    private final HealthEndpoint endpoint;
    private final Controller hostController;
    private final Controller endpointController;
    private final ScheduledExecutorService probing = scheduler("health-probe");
    private final ScheduledExecutorService ensuring = scheduler("health-endpoint");
    private final Map<Ip, ServerSocketChannel> hosts = new HashMap<>(); // owned by: the thread of ensuring

    /**
     * What the agent has.
     *
     * @param node this node
     * @param state what it was told
     * @param endpoints its pods
     * @param controllers for "health-host" and "health-endpoint"
     * @param stateDirectory of the agent
     * @param random for delays and numbers
     */
    public record Surroundings(
            LocalNode node,
            Supplier<DesiredState> state,
            EndpointManager endpoints,
            Controllers controllers,
            Path stateDirectory,
            RandomGenerator random) {}

    /** Opens what it needs; call on a thread in the node's namespace. */
    public NodeHealth(HealthSettings settings, Surroundings around) throws IOException {
        this.settings = settings;
        node = around.node();
        responder = new Responder();
        probes = new NetworkProbes(settings.port(), around.random());
        prober = new Prober(
                settings,
                () -> HealthNodes.of(around.state().get(), around.node()),
                probes,
                new Prober.Time(Timers.of(probing), Clock.systemUTC(), around.random()));
        endpoint = new HealthEndpoint(
                HealthNamespace.of(node.name(), around.stateDirectory()),
                around.endpoints(),
                responder,
                settings.port());
        hostController = around.controllers().get("health-host");
        endpointController = around.controllers().get("health-endpoint");
    }

    /** Begins; what fails is tried again and is in the controllers meanwhile. */
    public void start() {
        if (settings.enabled()) {
            probing.execute(prober::start);
        }
        ensuring.execute(this::ensure);
    }

    /** What is known of the cluster; empty when health is not checked. */
    public Optional<ClusterState> state() {
        return settings.enabled() ? Optional.of(prober.state()) : Optional.empty();
    }

    /** Probes every node now. */
    public CompletableFuture<Void> probeAll() {
        return settings.enabled() ? prober.probeAll() : CompletableFuture.completedFuture(null);
    }

    private void ensure() {
        boolean done = !settings.enabled() || attempt(hostController, this::listen);
        boolean wanted = settings.enabled() && settings.endpointEnabled();
        done &= attempt(endpointController, wanted ? endpoint::ensure : endpoint::remove);
        if (wanted || !done) {
            var unused = ensuring.schedule(this::ensure, done ? ENSURE_SECONDS : RETRY_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static boolean attempt(Controller controller, Runnable action) {
        try {
            action.run();
            controller.succeeded();
            return true;
        } catch (RuntimeException e) {
            controller.failed(String.valueOf(e.getMessage()));
            return false;
        }
    }

    private void listen() {
        for (Ip address : node.addresses()) {
            if (hosts.containsKey(address)) {
                continue;
            }
            try {
                ServerSocketChannel channel =
                        Responder.listen(new InetSocketAddress(address.toInetAddress(), settings.port()));
                hosts.put(address, channel);
                responder.serve(channel);
            } catch (IOException e) {
                throw new IllegalStateException("health responder on " + e.getMessage(), e);
            }
        }
    }

    /** Stops answering and asking. The endpoint stays. */
    @Override
    public void close() {
        prober.close();
        probing.shutdownNow();
        ensuring.shutdownNow();
        probes.close();
        responder.close();
    }

    private static ScheduledExecutorService scheduler(String name) {
        return Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }
}
