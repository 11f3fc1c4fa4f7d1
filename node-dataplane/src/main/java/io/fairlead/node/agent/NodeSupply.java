package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.registration.BlockKeeper;
import io.fairlead.node.registration.Registration;
import io.fairlead.node.registration.Wanted;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.node.wiring.HostDevices;
import io.fairlead.runtime.process.Lifecycle;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.Timers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Predicate;

/** Where the node's addresses come from and how they are kept, put together. */
final class NodeSupply {
    private static final Duration ROUTES_DEADLINE = Duration.ofSeconds(20);

    private final AgentConfig config;
    private final Controllers controllers;
    private final ScheduledExecutorService calls;
    private final Lifecycle life;

    /** @param calls whose thread may wait for services */
    NodeSupply(AgentConfig config, Controllers controllers, ScheduledExecutorService calls, Lifecycle life) {
        this.config = config;
        this.controllers = controllers;
        this.calls = calls;
        this.life = life;
    }

    /** What the node registers as. */
    Wanted wanted(Netlink netlink, NodeDevices devices) {
        Addressing addressing = config.addressing();
        List<Ip> onDevice = netlink.link(HostDevices.HOST).stream()
                .flatMap(host -> netlink.addresses(host.index()).stream())
                .filter(address -> address.scope() == Addr.GLOBAL)
                .map(Addr::address)
                .toList();
        return new Wanted(
                config.nodeName(), devices.addresses(), addressing.families(), addressing.defaultPool(), onDevice);
    }

    EndpointManager.Settings settings(NodeDevices devices, Duration patience) {
        return new EndpointManager.Settings(
                config.stateDir(),
                devices.mtu(config.mtu()),
                patience,
                new EndpointManager.Expiry(Timers.of(calls), config.addressing().claimTimeout()));
    }

    /** Another block before the last one is full, and back with one that is not needed. */
    void keep(
            Registration.Registered registered,
            AddressPool pool,
            Reconciler reconciler,
            Registration registration,
            Backoff backoff) {
        OwnRoutes routes = new OwnRoutes(registered.node(), reconciler, ROUTES_DEADLINE);
        BlockKeeper keeper = new BlockKeeper(
                registered,
                pool,
                new BlockKeeper.Settings(config.addressing().preAllocate()),
                new BlockKeeper.Ground(
                        calls,
                        Timers.of(calls),
                        routes::install,
                        routes::served,
                        () -> registration.again(registered, calls)),
                controllers.get("ipam-blocks"),
                backoff);
        life.onClose("blocks of addresses", keeper);
        keeper.start();
    }

    /** What the store lost of this node is said again, and what it says and is not so is put right. */
    void watchEntries(LocalNode node, EndpointManager endpoints, Controller controller, Reconciler reconciler) {
        new LostEntries(lost -> tellAgain(endpoints, controller, lost)).watch(reconciler);
        StrayEntries.Told told = new StrayEntries.Told(
                ips -> calls.execute(() -> endpoints.withdrawUnheld(ips)),
                ips -> tellAgain(
                        endpoints,
                        controller,
                        endpoint -> endpoint.ips().stream().anyMatch(ips::contains)));
        new StrayEntries(node, told, System::nanoTime).watch(reconciler);
    }

    /** What the control plane lost is said again at once. */
    void tellAgain(EndpointManager endpoints, Controller controller, Predicate<Endpoint> lost) {
        calls.execute(() -> {
            int failed = endpoints.republish(lost);
            if (failed > 0) {
                controller.failed(failed + " endpoints could not be published");
            }
        });
    }
}
