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
 * What a service sends to etcd for one allocation, without the service: a transaction that reads, then one that writes as many
 * keys and bytes as the service wrote, on as many conditions, and reads as much when they do not hold.
 */
final class RawTransactions {
    private static final String PREFIX = "fairlead-raw/";
    private static final int DIGITS = 9;

    private final KvStore store;
    private final Subject.Reads reads;
    private final List<KeyValue> pattern;

    /** @param pattern what the service wrote for one */
    RawTransactions(KvStore store, Subject.Reads reads, List<KeyValue> pattern) {
        this.store = store;
        this.reads = reads;
        this.pattern = List.copyOf(pattern);
    }

    /** Keys and bytes of one, for people. */
    String shape() {
        int bytes = pattern.stream()
                .mapToInt(entry -> entry.key().length() + entry.value().length())
                .sum();
        return String.format(
                Locale.ROOT,
                "%d reads, then %d conditions and %d puts of %d bytes",
                reads.keys() + reads.prefixes(),
                pattern.size() - reads.unconditional() + reads.absent(),
                pattern.size(),
                bytes);
    }

    /** Both transactions, one after the other. */
    Future<?> run(int number) {
        List<Op> looks = new ArrayList<>();
        for (int i = 0; i < reads.keys(); i++) {
            looks.add(new Op.Get(key(i, number)));
        }
        for (int i = 0; i < reads.prefixes(); i++) {
            looks.add(new Op.GetPrefix(key(pattern.size() - 1, number) + "/"));
        }
        return store.commit(new Txn(List.of(), looks, List.of())).compose(seen -> store.commit(write(number)));
    }

    private Txn write(int number) {
        List<Condition> conditions = new ArrayList<>();
        List<Op> puts = new ArrayList<>();
        List<Op> otherwise = new ArrayList<>();
        for (int i = 0; i < pattern.size(); i++) {
            puts.add(Op.put(key(i, number), pattern.get(i).value()));
            if (i < pattern.size() - reads.unconditional()) {
                conditions.add(new Condition.Missing(key(i, number)));
                otherwise.add(new Op.Get(key(i, number)));
            }
        }
        for (int i = 0; i < reads.absent(); i++) {
            conditions.add(new Condition.Missing(key(pattern.size() + i, number)));
            otherwise.add(new Op.Get(key(pattern.size() + i, number)));
        }
        return new Txn(conditions, puts, otherwise);
    }

    /** As long as the service's key, and different for each number. */
    private String key(int index, int number) {
        int length = index < pattern.size() ? pattern.get(index).key().length() : PREFIX.length();
        String start = PREFIX + index + "/";
        int filler = Math.max(0, length - start.length() - DIGITS);
        return start + "x".repeat(filler) + String.format(Locale.ROOT, "%0" + DIGITS + "d", number);
    }
}
