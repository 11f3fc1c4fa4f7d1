package io.fairlead.routes;

import io.fairlead.events.EventKeys;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.StoreKeys;
import io.fairlead.runtime.config.Values;
import io.fairlead.runtime.process.ServiceProcess;

/** The route distributor's process. */
public final class RouteDistributorMain {
    private RouteDistributorMain() {}

    /** Runs until SIGTERM; --help lists the configuration. */
    public static void main(String[] args) {
        ServiceProcess process = new ServiceProcess(
                "route-distributor", "Tells every node the route to every pod CIDR.", "127.0.0.1:7403");
        StoreKeys store = new StoreKeys(process.keys());
        ConfigKey<HostPort> listen = process.keys()
                .add("listen-address", Values.HOST_PORT, "127.0.0.1:7303", "where nodes and the CLI ask for routes");
        EventKeys events = new EventKeys(process.keys(), "route-distributor");
        process.main(args, (config, life) -> {
            StoreKeys.Store options = store.from(config);
            KvStore kv = new EtcdKvStore(EtcdOptions.of(options.endpoints()));
            life.onClose("kvstore", kv);
            return RouteDistributor.start(life, kv, options, config.get(listen), events.from(config))
                    .mapEmpty();
        });
    }
}
