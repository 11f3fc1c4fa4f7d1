package io.fairlead.events.kafka;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.events.EventKeys;
import io.fairlead.events.EventPublisher;
import io.fairlead.events.source.StoreSources;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.runtime.process.ServiceProcess;
import io.vertx.core.Future;
import java.util.List;

/** A service that tells events and does nothing else, to be killed. */
public final class EventsProcess {
    private EventsProcess() {}

    public static void main(String[] args) {
        ServiceProcess process = new ServiceProcess("events-test", "tells events", "127.0.0.1:0");
        io.fairlead.runtime.config.StoreKeys store = new io.fairlead.runtime.config.StoreKeys(process.keys());
        EventKeys events = new EventKeys(process.keys(), "events-test");
        process.main(args, (config, life) -> {
            var where = store.from(config);
            KvStore kv = new EtcdKvStore(EtcdOptions.of(where.endpoints()));
            life.onClose("kvstore", kv);
            ClusterName cluster = where.clusterName();
            StoreKeys keys = new StoreKeys(where.prefix());
            EventPublisher.start(
                    events.from(config),
                    life,
                    kv,
                    cluster.value(),
                    List.of(StoreSources.identities(keys), StoreSources.addresses(keys), StoreSources.nodes(keys)),
                    List.of());
            return Future.succeededFuture();
        });
    }
}
