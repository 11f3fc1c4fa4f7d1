package io.fairlead.identity.endpoints;

import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.identity.allocation.IdentityException;
import io.fairlead.identity.allocation.IdentityException.Reason;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.identity.allocation.KnownIdentities;
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
 * <p>An endpoint's entry and its node's reference to the identity are written in one transaction, so that no number is
 * taken back while an entry comes to use it. A new endpoint costs one round trip, one that is there two. A request that
 * failed with an unanswered store can be repeated: it ends the same. Any thread may call; futures complete on the store's
 * thread.
 */
public final class EndpointPublisher {
    /** Transactions that may lose to others before a request gives up. */
    private static final int MAX_CONFLICTS = 16;

    private final KvStore store;
    private final IdentityKeys identities;
    private final KnownIdentities known;
    private final String prefix;

    /**
     * A publisher.
     *
     * @param known watches the same store
     * @param prefix of all entries, such as "cilium/state/ip/v1/default/"
     */
    public EndpointPublisher(KvStore store, IdentityKeys identities, KnownIdentities known, String prefix) {
        this.store = store;
        this.identities = identities;
        this.known = known;
        this.prefix = prefix;
    }

    /**
     * Makes an endpoint known, and that its node uses the identity. Of two nodes that publish one address the later wins.
     *
     * <p>What is there already is written anew: whoever is about to remove it, thinking that its node is gone, then finds
     * it changed.
     *
     * @return revision from which every reader sees it
     */
    public Future<Long> publish(NodeName node, Endpoint endpoint) {
        return write(new Publication(node, endpoint, key(endpoint.ip())), labels(endpoint), Optional.empty(), 0);
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

    /** An endpoint on its way into the store. */
    private record Publication(NodeName node, Endpoint endpoint, String key) {}

    private Optional<String> labels(Endpoint endpoint) {
        return endpoint.hasReservedIdentity() ? Optional.empty() : known.labels(endpoint.identity());
    }

    private Future<Long> write(Publication what, Optional<String> labels, Optional<KeyValue> entry, int conflicts) {
        Endpoint endpoint = what.endpoint();
        String idKey = identities.id(endpoint.identity());
        boolean counted = !endpoint.hasReservedIdentity();
        List<Op> reads = counted ? List.of(new Op.Get(what.key()), new Op.Get(idKey)) : List.of(new Op.Get(what.key()));
        if (counted && labels.isEmpty()) {
            return store.commit(new Txn(List.of(), reads, List.of())).compose(result -> again(what, result, conflicts));
        }
        List<Condition> conditions = new ArrayList<>();
        conditions.add(entry.<Condition>map(e -> new Condition.Unchanged(what.key(), e.modRevision()))
                .orElseGet(() -> new Condition.Missing(what.key())));
        List<Op> writes = new ArrayList<>(List.of(Op.put(what.key(), endpoint.encoded())));
        labels.ifPresent(encoded -> {
            conditions.add(new Condition.ValueIs(idKey, encoded));
            writes.add(Op.put(
                    identities.reference(encoded, what.node()),
                    endpoint.identity().toString()));
        });
        return store.commit(new Txn(conditions, writes, reads))
                .compose(result -> result.succeeded()
                        ? Future.succeededFuture(result.revision())
                        : again(what, result, conflicts));
    }

    private Future<Long> again(Publication what, TxnResult result, int conflicts) {
        Endpoint endpoint = what.endpoint();
        Optional<String> labels = Optional.empty();
        if (!endpoint.hasReservedIdentity()) {
            labels = result.reads().get(1).stream().findFirst().map(KeyValue::value);
            if (labels.isEmpty()) {
                return Future.failedFuture(new IdentityException(
                        Reason.UNKNOWN,
                        "identity: " + endpoint.identity() + " of " + endpoint.ip() + " (expected: an allocated one)"));
            }
        }
        if (conflicts >= MAX_CONFLICTS) {
            return Future.failedFuture(busy(endpoint.ip()));
        }
        return write(what, labels, result.reads().get(0).stream().findFirst(), conflicts + 1);
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
