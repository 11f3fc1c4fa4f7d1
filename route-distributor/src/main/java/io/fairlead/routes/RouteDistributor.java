package io.fairlead.routes;

import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.events.EventKeys;
import io.fairlead.events.EventPublisher;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.routes.events.RouteProjection;
import io.fairlead.routes.source.NodeSource;
import io.fairlead.routes.source.StoreEpoch;
import io.fairlead.routes.stream.RouteService;
import io.fairlead.routes.table.NodeReader;
import io.fairlead.routes.table.RouteTable;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.StoreKeys.Store;
import io.fairlead.runtime.grpc.GrpcServer;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.process.Lifecycle;
import io.fairlead.runtime.retry.Timers;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Source, table and streams on one context, behind a gRPC server. */
public final class RouteDistributor {
    private static final Logger LOGGER = LoggerFactory.getLogger(RouteDistributor.class);

    private final Context context;
    private final NodeReader reader;
    private final RouteService service;
    private final Counter unreadable;
    private final AtomicInteger routes = new AtomicInteger();
    private final AtomicInteger conflicts = new AtomicInteger();
    // owned by: context; null until the store's epoch is known
    private @Nullable RouteTable table;

    private RouteDistributor(Lifecycle life, KvStore store, Store options) {
        this.context = life.vertx().getOrCreateContext();
        this.reader = new NodeReader(new StoreKeys(options.prefix()), options.clusterName(), options.clusterId());
        this.service = new RouteService(this::run, store::status, Timers.of(life.vertx()), life.metrics());
        this.unreadable = life.metrics().counter("fairlead.routes.unreadable");
        Gauge.builder("fairlead.routes", routes, AtomicInteger::get).register(life.metrics());
        Gauge.builder("fairlead.routes.conflicts", conflicts, AtomicInteger::get)
                .register(life.metrics());
    }

    /**
     * Starts to serve. Nodes may connect at once; they are sent routes when the store has been read completely.
     *
     * @return the port it listens on
     */
    public static Future<Integer> start(Lifecycle life, KvStore store, Store options, HostPort listen) {
        return start(life, store, options, listen, Optional.empty());
    }

    /** The same, and tells events. */
    public static Future<Integer> start(
            Lifecycle life, KvStore store, Store options, HostPort listen, Optional<EventKeys.Settings> events) {
        RouteDistributor distributor = new RouteDistributor(life, store, options);
        GrpcServer server;
        try {
            server = GrpcServer.start(listen, distributor.service);
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
        life.onStop("grpc", server::stop);
        life.onStop("streams", distributor::closeStreams);
        life.health()
                .register(
                        "kvstore",
                        () -> store.status().map(status -> new HealthCheck.State(status.healthy(), status.text())));
        life.health().register("routes", distributor::health);
        distributor.follow(life, store);
        EventPublisher.start(
                events,
                life,
                store,
                options.clusterName().value(),
                List.of(RouteProjection.source(distributor.reader)),
                distributor.service.summaries(options.clusterName()));
        LOGGER.atInfo()
                .addKeyValue("address", listen)
                .addKeyValue("port", server.port())
                .log("serving routes");
        return Future.succeededFuture(server.port());
    }

    private void follow(Lifecycle life, KvStore store) {
        StoreEpoch epoch = new StoreEpoch(store, Timers.of(life.vertx()));
        life.onClose("epoch", epoch::stop);
        epoch.read()
                .onSuccess(name -> run(() -> {
                    table = new RouteTable(reader, name);
                    NodeSource source = NodeSource.start(store, reader.keys().nodes(), this::run, this::onEvents);
                    life.onClose("source", source);
                }));
    }

    private void onEvents(List<WatchEvent> events) {
        RouteTable current = table;
        if (current == null) {
            return;
        }
        long refusedBefore = current.refused();
        current.apply(events).ifPresent(next -> {
            routes.set(next.size());
            service.publish(next);
            LOGGER.atDebug()
                    .addKeyValue("version", next.version())
                    .addKeyValue("routes", next.size())
                    .log("routes published");
        });
        conflicts.set(current.conflicts().size());
        unreadable.increment((double) (current.refused() - refusedBefore));
    }

    private Future<HealthCheck.State> health() {
        Promise<HealthCheck.State> promise = Promise.promise();
        run(() -> promise.complete(state()));
        return promise.future();
    }

    private HealthCheck.State state() {
        RouteTable current = table;
        if (current == null || current.current().isEmpty()) {
            return new HealthCheck.State(false, "waiting for a complete listing of nodes");
        }
        StringBuilder text = new StringBuilder();
        current.current()
                .ifPresent(
                        t -> text.append(t.size()).append(" routes at version ").append(t.version()));
        current.conflicts()
                .forEach(c -> text.append("; ")
                        .append(c.cidr())
                        .append(" of ")
                        .append(c.winner().node())
                        .append(" is claimed by ")
                        .append(c.losers().stream().map(r -> r.node().value()).toList()));
        current.unreadable()
                .forEach((key, why) ->
                        text.append("; unreadable ").append(key).append(": ").append(why));
        return new HealthCheck.State(true, text.toString());
    }

    private Future<Void> closeStreams() {
        Promise<Void> closed = Promise.promise();
        run(() -> {
            service.closeStreams();
            closed.complete();
        });
        return closed.future();
    }

    private void run(Runnable action) {
        context.runOnContext(ignored -> action.run());
    }
}
