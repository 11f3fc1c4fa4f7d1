package io.fairlead.ipam;

import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.events.EventKeys;
import io.fairlead.events.EventPublisher;
import io.fairlead.events.source.StoreSources;
import io.fairlead.ipam.allocation.Convergence;
import io.fairlead.ipam.allocation.IpamKeys;
import io.fairlead.ipam.allocation.NodeAllocator;
import io.fairlead.ipam.allocation.Nodes;
import io.fairlead.ipam.allocation.Occupancy;
import io.fairlead.ipam.allocation.PoolAdmin;
import io.fairlead.ipam.allocation.Progress;
import io.fairlead.ipam.allocation.Restored;
import io.fairlead.ipam.allocation.Withdrawals;
import io.fairlead.ipam.grpc.IpamGrpc;
import io.fairlead.ipam.grpc.NodeRights;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.kvstore.KvException;
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
import io.fairlead.runtime.grpc.tls.TlsKeys;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.process.Lifecycle;
import io.fairlead.runtime.process.ServiceProcess;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.Timers;
import io.micrometer.core.instrument.FunctionCounter;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ipam-service as a process. */
public final class IpamServiceMain {
    private static final Logger LOGGER = LoggerFactory.getLogger(IpamServiceMain.class);
    private static final long LOOK_MILLIS = 2000;

    private final ServiceProcess process =
            new ServiceProcess("ipam-service", "registers nodes and gives them pod CIDRs", "127.0.0.1:7402");
    private final ConfigKey<HostPort> listen =
            process.keys().add("listen-address", Values.HOST_PORT, "127.0.0.1:7302", "where the gRPC service answers");
    private final StoreKeys storeKeys = new StoreKeys(process.keys());
    private final EventKeys events = new EventKeys(process.keys(), "ipam-service");
    private final TlsKeys tlsKeys = new TlsKeys(process.keys());
    private final PoolKeys poolKeys = new PoolKeys(process.keys());
    private final ConfigKey<Duration> grace = process.keys()
            .add(
                    "ipam-restore-grace",
                    Values.DURATION,
                    "60s",
                    "after the store was restored from a backup: how long nodes have to register with the pod CIDRs they"
                            + " have before new ones are given; 0 for no wait");

    /** Runs until it is told to stop. */
    public static void main(String[] args) {
        IpamServiceMain main = new IpamServiceMain();
        main.process.main(args, main::start);
    }

    /** The process, for tests that start it themselves. */
    ServiceProcess process() {
        return process;
    }

    /** Starts everything: store, watches, gRPC. */
    Future<Void> start(Config config, Lifecycle life) {
        StoreKeys.Store where = storeKeys.from(config);
        List<ClusterPool> configured = poolKeys.from(config);
        Guard guard = Guard.of(tlsKeys.from(config, life), NodeRights.rights(), life.metrics());
        KvStore store = store(config, where, life);
        life.health().register("kvstore", () -> store.status().map(s -> new HealthCheck.State(s.healthy(), s.text())));
        EventPublisher.start(
                events.from(config),
                life,
                store,
                where.clusterName().value(),
                List.of(StoreSources.nodes(new io.fairlead.contract.etcd.StoreKeys(where.prefix()))),
                List.of());
        IpamKeys keys = new IpamKeys(new io.fairlead.contract.etcd.StoreKeys(where.prefix()).nodes(), IpamKeys.CLAIMS);
        Occupancy occupancy = new Occupancy(store, keys);
        life.onClose("watches", occupancy);
        ClusterProgress progress = new ClusterProgress(store, OwnKeys.Table.ROUTES);
        life.onClose("progress", progress);
        Timers timers = Timers.of(life.vertx());
        Convergence convergence = new Convergence(occupancy, Progress.of(progress), timers);
        Withdrawals withdrawals = new Withdrawals(store, keys, occupancy, convergence, timers);
        IpamMetrics metrics = watched(life, occupancy, withdrawals);
        NodeAllocator.Cluster cluster = new NodeAllocator.Cluster(where.clusterName(), where.clusterId());
        Restored restored = restored(life, store, keys, config.get(grace), timers);
        NodeAllocator allocator = new NodeAllocator(
                store, keys, cluster, new NodeAllocator.Blocked(occupancy, withdrawals, restored), timers);
        PoolAdmin pools = new PoolAdmin(store, keys, occupancy);
        IpamGrpc.Parts parts =
                new IpamGrpc.Parts(allocator, new Nodes(store, keys), occupancy, pools, convergence, withdrawals);
        IpamGrpc service = new IpamGrpc(parts, where.clusterName(), where.clusterId(), metrics);
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), ThreadLocalRandom.current());
        return occupancy
                .synced()
                .compose(synced -> seed(pools, configured, timers, backoff))
                .compose(seeded -> listen(config.get(listen), guard, service, life));
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

    /** Looks by itself too, so that the grace time begins with the restore and not with the first node that is new. */
    private static Restored restored(Lifecycle life, KvStore store, IpamKeys keys, Duration grace, Timers timers) {
        Restored restored = new Restored(store, keys, grace, timers);
        Runnable look = () -> restored.check()
                .onFailure(cause -> LOGGER.atDebug().setCause(cause).log("lineage of the store is not known now"));
        look.run();
        long timer = life.vertx().setPeriodic(LOOK_MILLIS, ignored -> look.run());
        life.onStop("lineage of the store", () -> {
            life.vertx().cancelTimer(timer);
            return Future.succeededFuture();
        });
        life.health()
                .register(
                        "restore",
                        HealthCheck.of(() ->
                                new HealthCheck.State(true, restored.text().orElse("new blocks are given"))));
        return restored;
    }

    private static IpamMetrics watched(Lifecycle life, Occupancy occupancy, Withdrawals withdrawals) {
        FunctionCounter.builder("fairlead_ipam_unreadable_records", occupancy, Occupancy::unreadableEvents)
                .description("node records read that could not be understood")
                .register(life.metrics());
        FunctionCounter.builder("fairlead_ipam_events", withdrawals, Withdrawals::freed)
                .description(IpamMetrics.EVENTS)
                .tag("action", "free")
                .register(life.metrics());
        life.health()
                .register(
                        "ipam",
                        HealthCheck.of(
                                () -> new HealthCheck.State(occupancy.synced().isComplete(), occupancy.text())));
        return new IpamMetrics(life.metrics(), occupancy);
    }

    /** A store that is not there yet is waited for; one whose blocks have another size is refused. */
    private static Future<Void> seed(PoolAdmin pools, List<ClusterPool> configured, Timers timers, Backoff backoff) {
        return pools.seed(configured).<Void>mapEmpty().recover(failure -> {
            if (!(failure instanceof KvException)) {
                return Future.failedFuture(failure);
            }
            Promise<Void> later = Promise.promise();
            timers.after(
                    backoff.next(),
                    () -> seed(pools, configured, timers, backoff).onComplete(later));
            return later.future();
        });
    }

    private static Future<Void> listen(HostPort address, Guard guard, IpamGrpc service, Lifecycle life) {
        try {
            GrpcServer server = GrpcServer.start(address, guard, service);
            life.onStop("grpc", server::stop);
            return Future.succeededFuture();
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
    }
}
