package io.fairlead.node.agent;

import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.feed.IdentityFeed;
import io.fairlead.node.feed.RouteFeed;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.status.Controllers;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.process.Lifecycle;
import io.fairlead.runtime.retry.Backoff;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;

/** What the node hears of the cluster: routes from one service, identities and policies from another. */
final class NodeFeeds {
    private final LocalNode node;
    private final ServiceChannels channels;
    private final Reconciler reconciler;
    private final Controllers controllers;
    private final Lifecycle life;

    NodeFeeds(
            LocalNode node, ServiceChannels channels, Reconciler reconciler, Controllers controllers, Lifecycle life) {
        this.node = node;
        this.channels = channels;
        this.reconciler = reconciler;
        this.controllers = controllers;
        this.life = life;
    }

    /**
     * Starts to listen to both; the node is ready once both have said everything.
     *
     * @param background whose thread listens
     * @param onAnotherStore called when a service speaks of another store than before
     */
    IdentityFeed start(ScheduledExecutorService background, Supplier<Backoff> backoff, Runnable onAnotherStore) {
        RouteFeed routes = new RouteFeed(
                node.name(),
                channels.routeStream(),
                reconciler,
                controllers.get("route-stream"),
                background,
                backoff.get());
        routes.onAnotherStore(onAnotherStore);
        life.onClose("route feed", routes);
        IdentityFeed identities = new IdentityFeed(
                node.name(),
                channels.identityStream(),
                reconciler,
                controllers.get("identity-stream"),
                background,
                backoff.get());
        identities.onAnotherStore(onAnotherStore);
        life.onClose("identity feed", identities);
        for (Source source : Source.values()) {
            life.health().register(source.label(), HealthCheck.of(() -> {
                boolean known = reconciler.state().knows(source);
                return new HealthCheck.State(known, known ? "in sync" : "waiting for the first complete state");
            }));
        }
        return identities;
    }
}
