package io.fairlead.identity.upkeep;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back numbers that nobody uses, in two passes: the first marks, the second removes what has not changed since.
 *
 * <p>Why nothing that is used is removed, whatever other replicas do meanwhile: a reference is only ever written in a
 * transaction that demands that the deciding key and the number's key are as believed (an allocation), or that the number's
 * key is (an endpoint's publication, which writes the entry with it). The removal is one transaction that demands that no
 * reference is under the label set at that moment. etcd orders the two: if the reference comes first, the removal does not
 * go through; if the removal comes first, the reference is not written, and the allocation begins anew with another number.
 * A node releases its reference only after its last endpoint is withdrawn, so no entry outlives the references.
 *
 * <p>The same transaction writes that the number rests, and no allocation takes a number for which that is written. For one
 * pass at a time.
 */
final class Collector {
    private static final Logger LOGGER = LoggerFactory.getLogger(Collector.class);

    private final Realm realm;
    private final IdentityKeys keys;
    private final Timers timers;
    private final Duration pause;
    // owned by: the pass that runs
    private Map<Candidate, Boolean> marked = Map.of();

    /**
     * A number that nobody uses, as it was found.
     *
     * @param idRevision of the number's key, 0 for none
     * @param labelRevision of the deciding key, 0 for none
     */
    private record Candidate(IdentityId id, String labels, long idRevision, long labelRevision) {}

    Collector(Realm realm, Timers timers, int perMinute) {
        this.realm = realm;
        this.keys = realm.identities();
        this.timers = timers;
        this.pause = Duration.ofNanos(Duration.ofMinutes(1).toNanos() / perMinute);
    }

    /** Removes what was marked before and marks anew; says how many numbers were taken back. */
    Future<Integer> pass(Inventory found) {
        Map<Candidate, Boolean> unused = new HashMap<>();
        candidates(found).forEach(candidate -> unused.put(candidate, true));
        List<Candidate> again =
                marked.keySet().stream().filter(unused::containsKey).toList();
        marked = unused;
        return remove(again.iterator(), 0);
    }

    private Future<Integer> remove(Iterator<Candidate> rest, int sofar) {
        if (!rest.hasNext()) {
            return Future.succeededFuture(sofar);
        }
        return remove(rest.next()).compose(removed -> {
            Promise<Integer> later = Promise.promise();
            int now = removed ? sofar + 1 : sofar;
            timers.after(pause, () -> remove(rest, now).onComplete(later));
            return later.future();
        });
    }

    private Future<Boolean> remove(Candidate unused) {
        String idKey = keys.id(unused.id());
        String labelKey = keys.labels(unused.labels());
        List<Op> steps = new ArrayList<>();
        if (unused.idRevision() != 0) {
            steps.add(new Op.Delete(idKey));
        }
        if (unused.labelRevision() != 0) {
            steps.add(new Op.Delete(labelKey));
        }
        steps.add(Op.put(keys.freed(unused.id()), unused.labels()));
        List<Condition> conditions = List.of(
                new Condition.Unchanged(idKey, unused.idRevision()),
                new Condition.Unchanged(labelKey, unused.labelRevision()),
                new Condition.NoneUnder(keys.references(unused.labels())));
        return realm.store().commit(new Txn(conditions, steps, List.of())).map(result -> {
            if (result.succeeded()) {
                LOGGER.atInfo()
                        .addKeyValue("identity", unused.id())
                        .addKeyValue("labels", unused.labels())
                        .log("Deleted unused allocator master key");
            }
            return result.succeeded();
        });
    }

    private List<Candidate> candidates(Inventory found) {
        Uses uses = Uses.of(found);
        List<Candidate> all = new ArrayList<>();
        Map<IdentityId, String> decided = new HashMap<>();
        Set<IdentityId> twice = new HashSet<>();
        found.deciding()
                .forEach((labels, entry) -> Inventory.decided(entry).ifPresent(id -> {
                    if (decided.put(id, labels) != null) {
                        twice.add(id);
                    }
                }));
        found.ids().forEach((id, entry) -> {
            String labels = entry.value();
            // what is decided for another label set is disputed: whoever put it there must settle it
            boolean disputed =
                    twice.contains(id) || !decided.getOrDefault(id, labels).equals(labels);
            if (realm.isOurs(id) && !disputed && Inventory.isLabels(labels) && !uses.any(id, labels)) {
                all.add(new Candidate(id, labels, entry.modRevision(), decisionOf(found, id, labels)));
            }
        });
        decided.forEach((id, labels) -> {
            boolean alone = !found.ids().containsKey(id) && !twice.contains(id);
            if (realm.isOurs(id) && alone && !uses.any(id, labels)) {
                all.add(new Candidate(id, labels, 0, decisionOf(found, id, labels)));
            }
        });
        // a set that was decided for another number, or unreadably: its deciding key is not this number's to remove
        all.removeIf(it -> it.labelRevision() == 0 && found.deciding().containsKey(it.labels()));
        return all;
    }

    private static long decisionOf(Inventory found, IdentityId id, String labels) {
        return Optional.ofNullable(found.deciding().get(labels))
                .filter(entry -> entry.value().equals(id.toString()))
                .map(KeyValue::modRevision)
                .orElse(0L);
    }

    /** What is used, by number and by label set. */
    private record Uses(Set<IdentityId> numbers, Set<String> labels) {
        static Uses of(Inventory found) {
            Set<IdentityId> numbers = new HashSet<>();
            Set<String> labels = new HashSet<>();
            found.references().forEach(reference -> {
                reference.id().ifPresent(numbers::add);
                labels.add(reference.labels());
            });
            found.addresses()
                    .forEach(address ->
                            address.record().map(IpIdentityRecord::id).ifPresent(numbers::add));
            return new Uses(numbers, labels);
        }

        boolean any(IdentityId id, String encoded) {
            return numbers.contains(id) || labels.contains(encoded);
        }
    }
}
