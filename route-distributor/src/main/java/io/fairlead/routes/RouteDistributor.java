package io.fairlead.routes;

import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.events.EventKeys;
import io.fairlead.events.EventPublisher;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Listing;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.history.LastReadable;
import io.fairlead.kvstore.progress.ClusterProgress;
import io.fairlead.kvstore.progress.ProgressWriter;
import io.fairlead.routes.events.RouteProjection;
import io.fairlead.routes.source.NodeSource;
import io.fairlead.routes.source.StoreEpoch;
import io.fairlead.routes.stream.RouteService;
import io.fairlead.routes.table.Conflict;
import io.fairlead.routes.table.NodeReader;
import io.fairlead.routes.table.Route;
import io.fairlead.routes.table.RouteTable;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.StoreKeys.Store;
import io.fairlead.runtime.grpc.GrpcServer;
import io.fairlead.runtime.grpc.tls.Guard;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.process.Lifecycle;
import io.fairlead.runtime.retry.Timers;
import io.fairlead.runtime.stream.StreamSettings;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
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
    private final StoreEpoch epoch;
    private final LastReadable lastReadable;
    private final ClusterProgress cluster;
    private final ProgressWriter progress;
    private final Counter unreadable;
    private final AtomicInteger routes = new AtomicInteger();
    private final AtomicInteger conflicts = new AtomicInteger();
    // owned by: context; null until the store's epoch is known
    private @Nullable RouteTable table;
    // owned by: context; what was heard and is not in the table yet, the first of it being looked into
    private final List<List<WatchEvent>> waiting = new ArrayList<>();
    // owned by: context
    private String storeLife = "";

    private RouteDistributor(Lifecycle life, KvStore store, Store options, Duration stallTimeout) {
        this.context = life.vertx().getOrCreateContext();
        this.reader = new NodeReader(new StoreKeys(options.prefix()), options.clusterName(), options.clusterId());
        this.epoch = new StoreEpoch(store, Timers.of(life.vertx()));
        this.lastReadable = new LastReadable(store, reader::reads);
        this.cluster = new ClusterProgress(store, OwnKeys.Table.ROUTES);
        RouteService.Replica replica = new RouteService.Replica(replicaName(), options.clusterName());
        this.service = new RouteService(
                RouteService.streams(
                        this::run,
                        Timers.of(life.vertx()),
                        life.metrics(),
                        new StreamSettings(stallTimeout, () -> version(store))),
                new RouteService.Threads(this::run, action -> background(life, action)),
                store::status,
                cluster::nodes,
                replica);
        this.progress = new ProgressWriter(store, OwnKeys.Table.ROUTES, replica.name(), service::progress);
        service.onProgress(progress::changed);
        this.unreadable = Counter.builder("fairlead.routes.unreadable")
                .description("node records read that could not be understood")
                .register(life.metrics());
        Gauge.builder("fairlead.routes", routes, AtomicInteger::get)
                .description("routes every node is to have")
                .register(life.metrics());
        Gauge.builder("fairlead.routes.conflicts", conflicts, AtomicInteger::get)
                .description("pod CIDRs that several nodes claim")
                .register(life.metrics());
    }

    /**
     * How it serves.
     *
     * @param listen where
     * @param stallTimeout how long a node may be stuck until it is cut off
     * @param guard who may ask
     * @param events where Kafka is, when it is to be told
     */
    public record Serving(HostPort listen, Duration stallTimeout, Guard guard, Optional<EventKeys.Settings> events) {}

    /** As {@link #start(Lifecycle, KvStore, Store, Serving)}, for everybody and with the default time. */
    public static Future<Integer> start(Lifecycle life, KvStore store, Store options, HostPort listen) {
        return start(
                life,
                store,
                options,
                new Serving(listen, StreamSettings.STALL_TIMEOUT, Guard.open(), Optional.empty()));
    }

    /**
     * Starts to serve. Nodes may connect at once; they are sent routes when the store has been read completely.
     *
     * @return the port it listens on
     */
    public static Future<Integer> start(Lifecycle life, KvStore store, Store options, Serving serving) {
        RouteDistributor distributor = new RouteDistributor(life, store, options, serving.stallTimeout());
        life.onClose("cluster progress", distributor.cluster);
        life.onStop("progress", distributor.progress::stop);
        GrpcServer server;
        try {
            server = GrpcServer.start(serving.listen(), serving.guard(), distributor.service);
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
                serving.events(),
                life,
                store,
                options.clusterName().value(),
                List.of(RouteProjection.source(distributor.reader)),
                distributor.service.summaries(options.clusterName()));
        LOGGER.atInfo()
                .addKeyValue("address", serving.listen())
                .addKeyValue("port", server.port())
                .log("serving routes");
        return Future.succeededFuture(server.port());
    }

    /** Names this process among the replicas; another one after each restart, so that two never write one key. */
    private static String replicaName() {
        String host = System.getenv().getOrDefault("HOSTNAME", "");
        if (host.isEmpty()) {
            try {
                host = InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                host = "replica";
            }
        }
        return host.replace('/', '-') + "-" + UUID.randomUUID().toString().substring(0, 6);
    }

    /** The store's revision now; what a watch says may be older. */
    private static Future<Long> version(KvStore store) {
        return store.list(StoreEpoch.KEY).map(Listing::revision);
    }

    private static void background(Lifecycle life, Runnable action) {
        life.vertx()
                .<Boolean>executeBlocking(
                        () -> {
                            action.run();
                            return true;
                        },
                        false)
                .onFailure(cause -> LOGGER.atWarn().setCause(cause).log("an answer could not be made"));
    }

    private void follow(Lifecycle life, KvStore store) {
        life.onClose("epoch", epoch::stop);
        epoch.read()
                .onSuccess(name -> run(() -> {
                    storeLife = name;
                    table = new RouteTable(reader, name);
                    NodeSource source = NodeSource.start(store, reader.keys().nodes(), this::run, this::onEvents);
                    life.onClose("source", source);
                }));
    }

    private void onEvents(List<WatchEvent> events) {
        waiting.add(events);
        if (waiting.size() == 1) {
            takeIn();
        }
    }

    /** Takes in what waits, in its order; what came after a listing waits until all of the listing is known. */
    private void takeIn() {
        RouteTable current = table;
        while (current != null && !waiting.isEmpty()) {
            List<WatchEvent> events = waiting.get(0);
            if (events.stream().anyMatch(WatchEvent.Synced.class::isInstance)) {
                // after a gap it may be another store that answers: its revisions are compared with nothing until that
                // is known
                Future<String> name = current.current().isPresent() ? epoch.read() : Future.succeededFuture(storeLife);
                name.compose(known ->
                                lastReadable.before(events).onSuccess(all -> run(() -> listed(current, known, all))))
                        .onFailure(cause -> LOGGER.atError().setCause(cause).log("a listing could not be taken in"));
                return;
            }
            waiting.remove(0);
            apply(current, events);
        }
    }

    private void listed(RouteTable current, String name, List<WatchEvent> events) {
        waiting.remove(0);
        resume(current, name);
        apply(current, events);
        takeIn();
    }

    private void resume(RouteTable current, String name) {
        if (!name.equals(storeLife)) {
            LOGGER.atWarn()
                    .addKeyValue("before", storeLife)
                    .addKeyValue("now", name)
                    .log("another store or a restored one, every node gets all routes anew");
            storeLife = name;
            current.follow(name);
        }
    }

    private void apply(RouteTable current, List<WatchEvent> events) {
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
                        .append(c.losers().stream().map(r -> loser(c, r)).toList()));
        current.unreadable()
                .forEach((key, why) ->
                        text.append("; unreadable ").append(key).append(": ").append(why));
        return new HealthCheck.State(true, text.toString());
    }

    private static String loser(Conflict conflict, Route route) {
        String name = route.node().value();
        return route.cidr().equals(conflict.cidr()) ? name : name + " (" + route.cidr() + ")";
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
