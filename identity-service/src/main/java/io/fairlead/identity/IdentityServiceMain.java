package io.fairlead.identity;

import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.events.EventKeys;
import io.fairlead.events.EventPublisher;
import io.fairlead.events.source.StateSource;
import io.fairlead.events.source.StoreSources;
import io.fairlead.identity.allocation.IdentityAllocator;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.identity.allocation.KnownIdentities;
import io.fairlead.identity.endpoints.EndpointPublisher;
import io.fairlead.identity.grpc.IdentityGrpc;
import io.fairlead.identity.grpc.NodeRights;
import io.fairlead.identity.grpc.PolicyGrpc;
import io.fairlead.identity.labels.LabelFilter;
import io.fairlead.identity.policy.PolicyKeys;
import io.fairlead.identity.policy.PolicyRecord;
import io.fairlead.identity.policy.PolicyService;
import io.fairlead.identity.policy.PolicySizes;
import io.fairlead.identity.stream.ClusterNodes;
import io.fairlead.identity.stream.IdentityFeed;
import io.fairlead.identity.stream.IdentityStream;
import io.fairlead.identity.upkeep.Realm;
import io.fairlead.identity.upkeep.Upkeep;
import io.fairlead.identity.upkeep.UpkeepKeys;
import io.fairlead.identity.upkeep.UpkeepOptions;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.etcd.EtcdSecurity;
import io.fairlead.kvstore.metered.MeteredKvStore;
import io.fairlead.kvstore.progress.ClusterProgress;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.StoreKeys;
import io.fairlead.runtime.config.Values;
import io.fairlead.runtime.grpc.GrpcServer;
import io.fairlead.runtime.grpc.tls.Guard;
import io.fairlead.runtime.grpc.tls.StoreAccess;
import io.fairlead.runtime.grpc.tls.Tls;
import io.fairlead.runtime.grpc.tls.TlsKeys;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.process.Lifecycle;
import io.fairlead.runtime.process.ServiceProcess;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.Timers;
import io.grpc.BindableService;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** The identity-service as a process. */
public final class IdentityServiceMain {
    private final ServiceProcess process = new ServiceProcess(
            "identity-service", "gives label sets their numbers, and addresses their identities", "127.0.0.1:7401");
    private final ConfigKey<HostPort> listen =
            process.keys().add("listen-address", Values.HOST_PORT, "127.0.0.1:7301", "where the gRPC service answers");
    private final StoreKeys storeKeys = new StoreKeys(process.keys());
    private final EventKeys events = new EventKeys(process.keys(), "identity-service");
    private final TlsKeys tlsKeys = new TlsKeys(process.keys());
    private final LabelKeys labels = new LabelKeys(process.keys());
    private final UpkeepKeys upkeepKeys = new UpkeepKeys(process.keys());

    /** Runs until it is told to stop. */
    public static void main(String[] args) {
        IdentityServiceMain main = new IdentityServiceMain();
        main.process.main(args, main::start);
    }

    /** The process, for tests that start it themselves. */
    ServiceProcess process() {
        return process;
    }

    /** Starts everything: store, watches, gRPC. */
    Future<Void> start(Config config, Lifecycle life) {
        StoreKeys.Store where = storeKeys.from(config);
        LabelFilter filter = labels.filter(config);
        UpkeepOptions upkeep = upkeepKeys.from(config);
        Optional<Tls> tls = tlsKeys.from(config, life);
        KvStore store = store(config, where, life);
        life.health().register("kvstore", () -> store.status().map(s -> new HealthCheck.State(s.healthy(), s.text())));
        Parts parts = new Parts(store, where, Timers.of(life.vertx()));
        tellEvents(config, parts, life);
        KnownIdentities known = known(parts, life);
        IdentityAllocator allocator =
                new IdentityAllocator(store, parts.identities(), filter, known, parts.timers(), life.metrics());
        EndpointPublisher endpoints = new EndpointPublisher(
                store, parts.identities(), known, parts.contract().ips());
        IdentityStream stream = new IdentityStream(life.vertx().getOrCreateContext(), parts.timers(), life.metrics());
        ClusterProgress progress = new ClusterProgress(store, OwnKeys.Table.IDENTITIES);
        life.onClose("progress of nodes", progress);
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), ThreadLocalRandom.current());
        return Future.all(known.synced(), progress.synced())
                .compose(synced -> epoch(store, parts.timers(), backoff))
                .compose(epoch -> feed(stream.feed(store, parts.contract(), epoch), life))
                .compose(feed -> {
                    ClusterNodes nodes = feed.nodes(where.clusterName(), parts.timers(), progress);
                    life.onStop(
                            "report",
                            stream.report(store, feed, UUID.randomUUID().toString())::stop);
                    look(parts, upkeep, known, nodes, life);
                    BindableService unary = new IdentityGrpc(allocator, endpoints);
                    return listen(
                            config.get(listen),
                            guard(tls, store, where, life),
                            life,
                            () -> stream.with(unary),
                            policies(parts, feed, nodes, life));
                })
                .onSuccess(listening -> life.onStop("streams", stream::stop));
    }

    private static PolicyGrpc policies(Parts parts, IdentityFeed feed, ClusterNodes nodes, Lifecycle life) {
        return new PolicyGrpc(new PolicyService(
                parts.store(),
                nodes,
                parts.timers(),
                System::currentTimeMillis,
                life.vertx()::executeBlocking,
                feed.policySizes()));
    }

    private void tellEvents(Config config, Parts parts, Lifecycle life) {
        EventPublisher.start(
                events.from(config),
                life,
                parts.store(),
                parts.where().clusterName().value(),
                eventSources(parts.contract()),
                List.of());
    }

    /** Where everything is. */
    private record Parts(KvStore store, StoreKeys.Store where, Timers timers) {
        io.fairlead.contract.etcd.StoreKeys contract() {
            return new io.fairlead.contract.etcd.StoreKeys(where.prefix());
        }

        IdentityKeys identities() {
            return new IdentityKeys(where.prefix() + "state/identities/v1/", IdentityKeys.OWN);
        }
    }

    private static KnownIdentities known(Parts parts, Lifecycle life) {
        KnownIdentities known = new KnownIdentities(
                parts.store(), parts.identities(), parts.where().clusterId());
        life.onClose("known identities", known);
        life.health()
                .register(
                        "identities",
                        HealthCheck.of(() -> new HealthCheck.State(
                                known.synced().isComplete(), known.size() + " identities allocated")));
        Gauge.builder("fairlead.identity", known, KnownIdentities::size)
                .description("identities allocated, in all clusters that share the store")
                .register(life.metrics());
        Gauge.builder("fairlead.identity.available", known, KnownIdentities::available)
                .description("numbers this cluster could give out now")
                .register(life.metrics());
        Gauge.builder("fairlead.identity.resting", known, KnownIdentities::resting)
                .description("numbers taken back that are not given out again yet")
                .register(life.metrics());
        return known;
    }

    private static void look(
            Parts parts, UpkeepOptions options, KnownIdentities known, ClusterNodes nodes, Lifecycle life) {
        Realm realm = new Realm(
                parts.store(),
                parts.identities(),
                parts.contract(),
                parts.where().clusterName(),
                parts.where().clusterId());
        Upkeep upkeep = new Upkeep(realm, options, known, nodes::reachedByAll, parts.timers(), life.metrics());
        life.onClose("upkeep", upkeep);
        upkeep.start();
    }

    /** What Kafka is told. */
    private static List<StateSource> eventSources(io.fairlead.contract.etcd.StoreKeys keys) {
        return List.of(
                StoreSources.identities(keys),
                StoreSources.addresses(keys),
                StoreSources.policies(
                        PolicyKeys.PREFIX,
                        PolicyKeys::parse,
                        text -> PolicyRecord.decode(text).document()));
    }

    private static Future<IdentityFeed> feed(IdentityFeed feed, Lifecycle life) {
        life.onClose("identity feed", feed);
        life.health()
                .register(
                        "table of nodes",
                        HealthCheck.of(() -> new HealthCheck.State(feed.synced().isComplete(), feed.text())));
        FunctionCounter.builder("fairlead_identity_unreadable_entries", feed, IdentityFeed::unreadable)
                .description("store entries read that could not be understood")
                .register(life.metrics());
        Gauge.builder("fairlead.policy.bytes", feed.policySizes(), PolicySizes::total)
                .description("bytes of all policies as nodes are told them")
                .register(life.metrics());
        return feed.synced().map(synced -> feed);
    }

    /** A store that is not there yet is waited for. */
    private static Future<String> epoch(KvStore store, Timers timers, Backoff backoff) {
        return IdentityStream.epoch(store).recover(failure -> {
            Promise<String> later = Promise.promise();
            timers.after(backoff.next(), () -> epoch(store, timers, backoff).onComplete(later));
            return later.future();
        });
    }

    private KvStore store(Config config, StoreKeys.Store where, Lifecycle life) {
        StoreAccess access = StoreAccess.from(storeKeys, config, life);
        EtcdSecurity security = new EtcdSecurity(
                access.tls(), access.login().map(user -> new EtcdSecurity.Login(user.username(), user::password)));
        KvStore store = new MeteredKvStore(
                new EtcdKvStore(EtcdOptions.of(where.endpoints()).with(security)), life.metrics());
        life.onClose("store", store);
        return store;
    }

    /** What nodes are known to have is only looked at where they are known themselves. */
    private static Guard guard(Optional<Tls> tls, KvStore store, StoreKeys.Store where, Lifecycle life) {
        if (tls.isEmpty()) {
            return Guard.open();
        }
        NodeRights rights =
                new NodeRights(store, new io.fairlead.contract.etcd.StoreKeys(where.prefix()), where.clusterName());
        life.onClose("rights of nodes", rights);
        return Guard.of(tls, rights.rights(), life.metrics());
    }

    private static Future<Void> listen(HostPort address, Guard guard, Lifecycle life, BindableService... services) {
        try {
            GrpcServer server = GrpcServer.start(address, guard, services);
            life.onStop("grpc", server::stop);
            return Future.succeededFuture();
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
    }
}
