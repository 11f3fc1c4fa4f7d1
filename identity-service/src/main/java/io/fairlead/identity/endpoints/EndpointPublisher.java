package io.fairlead.identity.endpoints;

import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.identity.allocation.IdentityException;
import io.fairlead.identity.allocation.IdentityException.Reason;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes and removes endpoints' entries.
 *
 * <p>A new endpoint, and one published again unchanged, cost one round trip; a changed one two. A request that failed with
 * an unanswered store can be repeated: it ends the same. Any thread may call; futures complete on the store's thread.
 */
public final class EndpointPublisher {
    /** Transactions that may lose to others before a request gives up. */
    private static final int MAX_CONFLICTS = 16;

    private final KvStore store;
    private final IdentityKeys identities;
    private final String prefix;

    /**
     * A publisher.
     *
     * @param prefix of all entries, such as "cilium/state/ip/v1/default/"
     */
    public EndpointPublisher(KvStore store, IdentityKeys identities, String prefix) {
        this.store = store;
        this.identities = identities;
        this.prefix = prefix;
    }

    /**
     * Makes an endpoint known. Of two nodes that publish one address the later wins.
     *
     * @return revision from which every reader sees it
     */
    public Future<Long> publish(Endpoint endpoint) {
        return write(endpoint, new Condition.Missing(key(endpoint.ip())), 0);
    }

    /**
     * Takes back what a node published.
     *
     * @param hostIp the node's own address; an entry with another one is left alone
     * @return false when there was nothing of this node's to take back
     */
    public Future<Boolean> withdraw(Ip ip, Ip hostIp) {
        return store.get(key(ip)).compose(entry -> withdraw(entry, hostIp, 0));
    }

    private Future<Long> write(Endpoint endpoint, Condition entryIs, int conflicts) {
        String key = key(endpoint.ip());
        String value = endpoint.encoded();
        List<Condition> conditions = new ArrayList<>(List.of(entryIs));
        List<Op> reads = new ArrayList<>(List.of(new Op.Get(key)));
        if (!endpoint.hasReservedIdentity()) {
            String idKey = identities.id(endpoint.identity());
            conditions.add(new Condition.Exists(idKey));
            reads.add(new Op.Get(idKey));
        }
        Txn txn = new Txn(conditions, List.of(Op.put(key, value)), reads);
        return store.commit(txn).compose(result -> {
            if (result.succeeded()) {
                return Future.succeededFuture(result.revision());
            }
            return again(endpoint, result, conflicts);
        });
    }

    private Future<Long> again(Endpoint endpoint, TxnResult result, int conflicts) {
        if (!endpoint.hasReservedIdentity() && result.reads().get(1).isEmpty()) {
            return Future.failedFuture(new IdentityException(
                    Reason.UNKNOWN,
                    "identity: " + endpoint.identity() + " of " + endpoint.ip() + " (expected: an allocated one)"));
        }
        Optional<KeyValue> entry = result.reads().get(0).stream().findFirst();
        if (entry.isPresent() && entry.get().value().equals(endpoint.encoded())) {
            return Future.succeededFuture(entry.get().modRevision());
        }
        if (conflicts >= MAX_CONFLICTS) {
            return Future.failedFuture(busy(endpoint.ip()));
        }
        String key = key(endpoint.ip());
        Condition seen = entry.<Condition>map(e -> new Condition.Unchanged(key, e.modRevision()))
                .orElseGet(() -> new Condition.Missing(key));
        return write(endpoint, seen, conflicts + 1);
    }

    private Future<Boolean> withdraw(Optional<KeyValue> entry, Ip hostIp, int conflicts) {
        if (entry.isEmpty() || !host(entry.get()).equals(Optional.of(hostIp))) {
            return Future.succeededFuture(false);
        }
        String key = entry.get().key();
        Txn txn = Txn.when(new Condition.Unchanged(key, entry.get().modRevision()))
                .then(new Op.Delete(key))
                .otherwise(new Op.Get(key));
        return store.commit(txn).compose(result -> {
            if (result.succeeded()) {
                return Future.succeededFuture(true);
            }
            return conflicts >= MAX_CONFLICTS
                    ? Future.failedFuture(busy(Ip.parse(key.substring(prefix.length()))))
                    : withdraw(result.reads().get(0).stream().findFirst(), hostIp, conflicts + 1);
        });
    }

    /** The host of an entry; nobody's when it cannot be read, so that no node removes what it does not understand. */
    private static Optional<Ip> host(KeyValue entry) {
        try {
            return IpIdentityRecord.decode(entry.value()).host();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private String key(Ip ip) {
        return prefix + ip;
    }

    private static IdentityException busy(Ip ip) {
        return new IdentityException(
                Reason.BUSY,
                "ip: " + ip + ": others changed its entry " + MAX_CONFLICTS
                        + " times (expected: one of the attempts to go through; try again)");
    }
}
