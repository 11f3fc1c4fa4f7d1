package io.fairlead.bench.limits;

import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the protocol needs of etcd for one allocation, without the service: one transaction that writes the keys and bytes
 * that must be there afterwards, on the conditions that keep it unique, and reads as much when they do not hold.
 */
final class RawTransactions {
    // behind everything that a service watches: what is measured here costs it nothing
    static final String PREFIX = "raw/";
    private static final int DIGITS = 9;

    private final KvStore store;
    private final Subject.Guards guards;
    private final List<KeyValue> pattern;

    /** @param pattern what the service wrote for one */
    RawTransactions(KvStore store, Subject.Guards guards, List<KeyValue> pattern) {
        this.store = store;
        this.guards = guards;
        this.pattern = List.copyOf(pattern);
    }

    /** Keys and bytes of one, for people. */
    String shape() {
        int bytes = pattern.stream()
                .mapToInt(entry -> entry.key().length() + entry.value().length())
                .sum();
        return String.format(
                Locale.ROOT,
                "one transaction: %d conditions, %d puts of %d bytes",
                pattern.size() - guards.unconditional() + guards.absent() + guards.prefixes(),
                pattern.size(),
                bytes);
    }

    /** The transaction of one. */
    Future<?> run(int number) {
        List<Condition> conditions = new ArrayList<>();
        List<Op> puts = new ArrayList<>();
        List<Op> otherwise = new ArrayList<>();
        for (int i = 0; i < pattern.size(); i++) {
            puts.add(Op.put(key(i, number), pattern.get(i).value()));
            if (i < pattern.size() - guards.unconditional()) {
                conditions.add(new Condition.Missing(key(i, number)));
                otherwise.add(new Op.Get(key(i, number)));
            }
        }
        int next = pattern.size();
        for (int i = 0; i < guards.absent(); i++) {
            conditions.add(new Condition.Missing(key(next, number)));
            otherwise.add(new Op.Get(key(next++, number)));
        }
        for (int i = 0; i < guards.prefixes(); i++) {
            conditions.add(new Condition.NoneUnder(key(next, number) + "/"));
            otherwise.add(new Op.GetPrefix(key(next++, number) + "/"));
        }
        return store.commit(new Txn(conditions, puts, otherwise));
    }

    /** As long as the service's key, and different for each number. */
    private String key(int index, int number) {
        int length = index < pattern.size() ? pattern.get(index).key().length() : PREFIX.length();
        String start = PREFIX + index + "/";
        int filler = Math.max(0, length - start.length() - DIGITS);
        return start + "x".repeat(filler) + String.format(Locale.ROOT, "%0" + DIGITS + "d", number);
    }
}
