package io.fairlead.ipam;

import io.fairlead.contract.Cidr;
import io.fairlead.events.EventKeys;
import io.fairlead.events.EventPublisher;
import io.fairlead.events.source.StoreSources;
import io.fairlead.ipam.allocation.IpamKeys;
import io.fairlead.ipam.allocation.NodeAllocator;
import io.fairlead.ipam.allocation.Nodes;
import io.fairlead.ipam.allocation.Occupancy;
import io.fairlead.ipam.grpc.IpamGrpc;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.StoreKeys;
import io.fairlead.runtime.config.Values;
import io.fairlead.runtime.grpc.GrpcServer;
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

/** The ipam-service as a process. */
public final class IpamServiceMain {
    private final ServiceProcess process =
            new ServiceProcess("ipam-service", "registers nodes and gives them pod CIDRs", "127.0.0.1:7402");
    private final ConfigKey<HostPort> listen =
            process.keys().add("listen-address", Values.HOST_PORT, "127.0.0.1:7302", "where the gRPC service answers");
    private final StoreKeys storeKeys = new StoreKeys(process.keys());
    private final EventKeys events = new EventKeys(process.keys(), "ipam-service");
    private final ConfigKey<List<String>> cidrs = process.keys()
            .add(
                    ClusterPool.CIDR_KEY,
                    Values.listOf(IpamServiceMain::cidr),
                    "10.244.0.0/16",
                    "CIDRs that nodes get their pod CIDRs from; append to it, never change what is there");
    private final ConfigKey<Integer> maskSize = process.keys()
            .add(
                    ClusterPool.MASK_SIZE_KEY,
                    Values.integer(1, 30),
                    "24",
                    "prefix length of a node's pod CIDR, for good");

    /** Runs until it is told to stop. */
    public static void main(String[] args) {
        IpamServiceMain main = new IpamServiceMain();
        main.process.main(args, main::start);
    }

    /** Checked here, so that it is reported with all other mistakes. */
    private static String cidr(String text) {
        Cidr.parse(text);
        return text;
    }

    /** The process, for tests that start it themselves. */
    ServiceProcess process() {
        return process;
    }

    /** Starts everything: store, watches, gRPC. */
    Future<Void> start(Config config, Lifecycle life) {
        StoreKeys.Store where = storeKeys.from(config);
        ClusterPool pool = ClusterPool.parse(config.get(cidrs), config.get(maskSize));
        KvStore store = new EtcdKvStore(EtcdOptions.of(where.endpoints()));
        life.onClose("store", store);
        life.health().register("kvstore", () -> store.status().map(s -> new HealthCheck.State(s.healthy(), s.text())));
        EventPublisher.start(
                events.from(config),
                life,
                store,
                where.clusterName().value(),
                List.of(StoreSources.nodes(new io.fairlead.contract.etcd.StoreKeys(where.prefix()))),
                List.of());
        IpamKeys keys = new IpamKeys(new io.fairlead.contract.etcd.StoreKeys(where.prefix()).nodes(), IpamKeys.CLAIMS);
        Occupancy occupancy = new Occupancy(store, keys, pool);
        life.onClose("watches", occupancy);
        FunctionCounter.builder("fairlead_ipam_unreadable_records", occupancy, Occupancy::unreadableEvents)
                .description("node records read that could not be understood")
                .register(life.metrics());
        life.health()
                .register(
                        "ipam",
                        HealthCheck.of(() -> new HealthCheck.State(
                                occupancy.synced().isComplete(), "pool " + pool + ": " + occupancy.text())));
        Timers timers = Timers.of(life.vertx());
        NodeAllocator.Cluster cluster = new NodeAllocator.Cluster(where.clusterName(), where.clusterId(), pool);
        NodeAllocator allocator = new NodeAllocator(store, keys, cluster, occupancy, timers);
        IpamGrpc service = new IpamGrpc(allocator, new Nodes(store, keys), where.clusterName(), where.clusterId());
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), ThreadLocalRandom.current());
        return occupancy
                .synced()
                .compose(synced -> checkLayout(allocator, timers, backoff))
                .compose(checked -> listen(config.get(listen), service, life));
    }

    /** A store that is not there yet is waited for; one of another layout is refused. */
    private static Future<Void> checkLayout(NodeAllocator allocator, Timers timers, Backoff backoff) {
        return allocator.checkLayout().recover(failure -> {
            if (!(failure instanceof KvException)) {
                return Future.failedFuture(failure);
            }
            Promise<Void> later = Promise.promise();
            timers.after(
                    backoff.next(),
                    () -> checkLayout(allocator, timers, backoff).onComplete(later));
            return later.future();
        });
    }

    private static Future<Void> listen(HostPort address, IpamGrpc service, Lifecycle life) {
        try {
            GrpcServer server = GrpcServer.start(address, service);
            life.onStop("grpc", server::stop);
            return Future.succeededFuture();
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
    }
}
