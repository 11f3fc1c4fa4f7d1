package io.fairlead.identity;

import io.fairlead.events.EventKeys;
import io.fairlead.events.EventPublisher;
import io.fairlead.events.source.StateSource;
import io.fairlead.events.source.StoreSources;
import io.fairlead.identity.allocation.IdentityAllocator;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.identity.allocation.KnownIdentities;
import io.fairlead.identity.endpoints.EndpointPublisher;
import io.fairlead.identity.grpc.IdentityGrpc;
import io.fairlead.identity.grpc.PolicyGrpc;
import io.fairlead.identity.labels.LabelFilter;
import io.fairlead.identity.policy.Nodes;
import io.fairlead.identity.policy.PolicyKeys;
import io.fairlead.identity.policy.PolicyRecord;
import io.fairlead.identity.policy.PolicyService;
import io.fairlead.identity.stream.IdentityFeed;
import io.fairlead.identity.stream.IdentityStream;
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
import io.grpc.BindableService;
import io.micrometer.core.instrument.FunctionCounter;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The identity-service as a process. */
public final class IdentityServiceMain {
    private static final Logger LOGGER = LoggerFactory.getLogger(IdentityServiceMain.class);

    private final ServiceProcess process = new ServiceProcess(
            "identity-service", "gives label sets their numbers, and addresses their identities", "127.0.0.1:7401");
    private final ConfigKey<HostPort> listen =
            process.keys().add("listen-address", Values.HOST_PORT, "127.0.0.1:7301", "where the gRPC service answers");
    private final StoreKeys storeKeys = new StoreKeys(process.keys());
    private final EventKeys events = new EventKeys(process.keys(), "identity-service");
    private final ConfigKey<LabelFilter> labels = process.keys()
            .add(
                    "labels",
                    LabelFilter::parse,
                    "",
                    "labels that make identities, rules [source:][!]regex separated by blanks, besides the defaults");

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
        LabelFilter filter = config.get(labels);
        LOGGER.atInfo()
                .addKeyValue("rules", String.join(" ", filter.texts()))
                .log("Final label prefixes to be used for identity evaluation:");
        KvStore store = new EtcdKvStore(EtcdOptions.of(where.endpoints()));
        life.onClose("store", store);
        life.health().register("kvstore", () -> store.status().map(s -> new HealthCheck.State(s.healthy(), s.text())));
        io.fairlead.contract.etcd.StoreKeys contract = new io.fairlead.contract.etcd.StoreKeys(where.prefix());
        EventPublisher.start(
                events.from(config), life, store, where.clusterName().value(), eventSources(contract), List.of());
        IdentityKeys keys = new IdentityKeys(where.prefix() + "state/identities/v1/", IdentityKeys.OWN);
        KnownIdentities known = new KnownIdentities(store, keys, where.clusterId());
        life.onClose("known identities", known);
        life.health()
                .register(
                        "identities",
                        HealthCheck.of(() -> new HealthCheck.State(
                                known.synced().isComplete(), known.size() + " identities allocated")));
        Timers timers = Timers.of(life.vertx());
        Context context = life.vertx().getOrCreateContext();
        IdentityStream stream =
                new IdentityStream(action -> context.runOnContext(ignored -> action.run()), timers, life.metrics());
        IdentityAllocator allocator = new IdentityAllocator(store, keys, filter, known, timers);
        IdentityGrpc unary = new IdentityGrpc(allocator, new EndpointPublisher(store, keys, contract.ips()));
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), ThreadLocalRandom.current());
        return known.synced()
                .compose(synced -> epoch(store, timers, backoff))
                .compose(epoch -> feed(stream.feed(store, contract, epoch), life))
                .compose(feed -> {
                    Nodes nodes = feed.nodes(where.clusterName(), timers);
                    PolicyService policies = new PolicyService(store, nodes, timers, System::currentTimeMillis);
                    return listen(config.get(listen), life, () -> stream.with(unary), new PolicyGrpc(policies));
                })
                .onSuccess(listening -> life.onStop("streams", stream::stop));
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
        FunctionCounter.builder("fairlead_identity_unreadable_entries", feed, IdentityFeed::unreadable)
                .description("store entries read that could not be understood")
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

    private static Future<Void> listen(HostPort address, Lifecycle life, BindableService... services) {
        try {
            GrpcServer server = GrpcServer.start(address, services);
            life.onStop("grpc", server::stop);
            return Future.succeededFuture();
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
    }
}
