package io.fairlead.kvstore.etcd;

import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Which transactions may be carried out as one: none writes a key that another one reads, writes or has a condition on. Each
 * then does what it would do alone, in whatever order. For one thread at a time.
 */
final class Group {
    /** Most transactions; etcd takes 128 steps, and these count beside the steps of each. */
    private static final int MOST = 48;

    /** Most conditions or steps of one. */
    private static final int MOST_STEPS = 64;
    /** Most characters of one, and of all: etcd refuses requests above 1.5 MiB. */
    private static final int MOST_TEXT = 32 << 10;

    private static final int MOST_TEXT_OF_ALL = 128 << 10;

    private final TreeSet<String> writes = new TreeSet<>();
    private final Set<String> reads = new HashSet<>();
    private final Set<String> readPrefixes = new HashSet<>();
    private int size;
    private int text;

    /** True for one that others could be carried out with: it writes, hangs on no lease, and is small. */
    static boolean takes(Txn txn) {
        boolean writes = steps(txn).anyMatch(Group::isWrite);
        boolean leased = steps(txn).anyMatch(op -> op instanceof Op.Put put && put.lease() != 0);
        int most = Math.max(
                txn.conditions().size(),
                Math.max(txn.then().size(), txn.otherwise().size()));
        return writes && !leased && most <= MOST_STEPS && text(txn) <= MOST_TEXT;
    }

    /** Adds one that {@link #takes} is true for, or changes nothing and says false. */
    boolean add(Txn txn) {
        int more = text(txn);
        if (size == MOST || text + more > MOST_TEXT_OF_ALL || meets(txn)) {
            return false;
        }
        size++;
        text += more;
        for (Condition condition : txn.conditions()) {
            (condition instanceof Condition.NoneUnder ? readPrefixes : reads).add(condition.key());
        }
        steps(txn).forEach(op -> {
            if (isWrite(op)) {
                writes.add(op.key());
            } else {
                (op instanceof Op.GetPrefix ? readPrefixes : reads).add(op.key());
            }
        });
        return true;
    }

    private boolean meets(Txn txn) {
        return txn.conditions().stream().anyMatch(c -> isWritten(c.key(), c instanceof Condition.NoneUnder))
                || steps(txn)
                        .anyMatch(op -> isWrite(op)
                                ? writes.contains(op.key()) || isRead(op.key())
                                : isWritten(op.key(), op instanceof Op.GetPrefix));
    }

    private boolean isWritten(String key, boolean prefix) {
        if (!prefix) {
            return writes.contains(key);
        }
        String first = writes.ceiling(key);
        return first != null && first.startsWith(key);
    }

    private boolean isRead(String key) {
        return reads.contains(key) || readPrefixes.stream().anyMatch(key::startsWith);
    }

    private static boolean isWrite(Op op) {
        return op instanceof Op.Put || op instanceof Op.Delete;
    }

    private static Stream<Op> steps(Txn txn) {
        return Stream.concat(txn.then().stream(), txn.otherwise().stream());
    }

    private static int text(Txn txn) {
        int sum = 0;
        for (Condition condition : txn.conditions()) {
            sum += condition.key().length()
                    + (condition instanceof Condition.ValueIs is ? is.value().length() : 0);
        }
        return sum + text(txn.then()) + text(txn.otherwise());
    }

    private static int text(List<Op> ops) {
        return ops.stream()
                .mapToInt(op -> op.key().length()
                        + (op instanceof Op.Put put ? put.value().length() : 0))
                .sum();
    }
}
