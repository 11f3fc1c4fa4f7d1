package io.fairlead.identity.grpc;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the store says a node has, its addresses and pod CIDRs, and which namespaces an admin has confined it to. Any thread
 * may ask; answers come at once from what was watched, unless that is not enough: then the store is asked.
 */
final class NodePlaces implements AutoCloseable {
    /** Where admins write what nodes are confined to: {"namespaces": ["shop", "bank"]} under a node's name. */
    static final String RIGHTS = "fairlead/rights/v1/node/";

    private static final Logger LOGGER = LoggerFactory.getLogger(NodePlaces.class);

    private final KvStore store;
    private final String nodes;
    private final Map<String, String> records = new ConcurrentHashMap<>();
    private final Map<String, String> confined = new ConcurrentHashMap<>();
    private final List<Watch> watches;
    private volatile boolean confinesKnown;

    /** @param nodes prefix of the records of this cluster's nodes */
    NodePlaces(KvStore store, String nodes) {
        this.store = store;
        this.nodes = nodes;
        this.watches =
                List.of(store.watch(nodes, events -> apply(events, nodes, records)), store.watch(RIGHTS, events -> {
                    apply(events, RIGHTS, confined);
                    confinesKnown |= events.stream().anyMatch(WatchEvent.Synced.class::isInstance);
                }));
    }

    private static void apply(List<WatchEvent> events, String prefix, Map<String, String> to) {
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put) {
                to.put(put.entry().key().substring(prefix.length()), put.entry().value());
            } else if (event instanceof WatchEvent.Delete delete) {
                to.remove(delete.key().substring(prefix.length()));
            }
        }
    }

    /**
     * A node's record: the one last seen if it is enough, else as the store has it now, since a node publishes as soon as
     * it has registered.
     */
    Future<Optional<NodeRecord>> record(String node, Predicate<NodeRecord> enough) {
        Optional<NodeRecord> seen = Optional.ofNullable(records.get(node)).flatMap(text -> read(node, text));
        if (seen.filter(enough).isPresent()) {
            return Future.succeededFuture(seen);
        }
        return store.get(nodes + node).map(entry -> entry.map(KeyValue::value).flatMap(text -> read(node, text)));
    }

    /** The namespaces a node is confined to; empty when it is not. */
    Future<Optional<Set<String>>> namespaces(String node) {
        if (confinesKnown) {
            return Future.succeededFuture(
                    Optional.ofNullable(confined.get(node)).map(text -> namespaces(node, text)));
        }
        return store.get(RIGHTS + node).map(entry -> entry.map(there -> namespaces(node, there.value())));
    }

    private static Optional<NodeRecord> read(String node, String text) {
        try {
            return Optional.of(NodeRecord.decode(text));
        } catch (IllegalArgumentException e) {
            LOGGER.atWarn()
                    .addKeyValue("node", node)
                    .addKeyValue("reason", e.getMessage())
                    .log("node record cannot be read, its node may publish nothing");
            return Optional.empty();
        }
    }

    /** What cannot be read allows nothing. */
    private static Set<String> namespaces(String node, String text) {
        Set<String> names = new TreeSet<>();
        try {
            JsonNode list = new ObjectMapper().readTree(text).path("namespaces");
            if (list.isArray()) {
                list.forEach(name -> names.add(name.asText()));
                return names;
            }
        } catch (JacksonException e) {
            LOGGER.atDebug().setCause(e).log("rights of a node are not JSON");
        }
        LOGGER.atWarn()
                .addKeyValue("node", node)
                .log("rights of a node cannot be read, it may claim no namespace (expected: {\"namespaces\": [...]})");
        return names;
    }

    @Override
    public void close() {
        watches.forEach(Watch::close);
    }
}
