package io.fairlead.routes;

import io.fairlead.events.EventKeys;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.etcd.EtcdSecurity;
import io.fairlead.kvstore.metered.MeteredKvStore;
import io.fairlead.routes.stream.NodeRights;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.StoreKeys;
import io.fairlead.runtime.config.Values;
import io.fairlead.runtime.grpc.tls.Guard;
import io.fairlead.runtime.grpc.tls.StoreAccess;
import io.fairlead.runtime.grpc.tls.TlsKeys;
import io.fairlead.runtime.process.ServiceProcess;
import java.time.Duration;

/** The route distributor's process. */
public final class RouteDistributorMain {
    private RouteDistributorMain() {}

    /** Runs until SIGTERM; --help lists the configuration. */
    public static void main(String[] args) {
        ServiceProcess process = new ServiceProcess(
                "route-distributor", "Tells every node the route to every pod CIDR.", "127.0.0.1:7403");
        StoreKeys store = new StoreKeys(process.keys());
        TlsKeys tlsKeys = new TlsKeys(process.keys());
        ConfigKey<HostPort> listen = process.keys()
                .add("listen-address", Values.HOST_PORT, "127.0.0.1:7303", "where nodes and the CLI ask for routes");
        ConfigKey<Duration> stall = process.keys()
                .add(
                        "stream-stall-timeout",
                        RouteDistributorMain::stallTimeout,
                        "60s",
                        "how long a node may lack routes without reading or acknowledging until it is cut off, 1s to 1h");
        EventKeys events = new EventKeys(process.keys(), "route-distributor");
        process.main(args, (config, life) -> {
            StoreKeys.Store options = store.from(config);
            StoreAccess access = StoreAccess.from(store, config, life);
            EtcdSecurity security = new EtcdSecurity(
                    access.tls(), access.login().map(user -> new EtcdSecurity.Login(user.username(), user::password)));
            KvStore kv = new MeteredKvStore(
                    new EtcdKvStore(EtcdOptions.of(options.endpoints()).with(security)), life.metrics());
            life.onClose("kvstore", kv);
            Guard guard = Guard.of(tlsKeys.from(config, life), NodeRights.rights(), life.metrics());
            return RouteDistributor.start(
                            life,
                            kv,
                            options,
                            new RouteDistributor.Serving(
                                    config.get(listen), config.get(stall), guard, events.from(config)))
                    .mapEmpty();
        });
    }

    private static Duration stallTimeout(String text) {
        Duration timeout = Values.DURATION.parse(text);
        if (timeout.compareTo(Duration.ofSeconds(1)) < 0 || timeout.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("(expected: 1s to 1h)");
        }
        return timeout;
    }
}
