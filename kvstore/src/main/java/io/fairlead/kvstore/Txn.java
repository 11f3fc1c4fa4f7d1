package io.fairlead.kvstore;

import java.util.ArrayList;
import java.util.List;

/**
 * A transaction: {@code then} when every condition holds, {@code otherwise} when one does not.
 *
 * @param conditions what must hold; none always holds
 * @param then steps when they hold, each key written at most once
 * @param otherwise steps when they do not
 */
public record Txn(List<Condition> conditions, List<Op> then, List<Op> otherwise) {
    public Txn {
        conditions = List.copyOf(conditions);
        then = List.copyOf(then);
        otherwise = List.copyOf(otherwise);
    }

    /** Steps without a condition. */
    public static Txn of(Op... ops) {
        return new Txn(List.of(), List.of(ops), List.of());
    }

    /** A transaction under conditions, that does nothing yet. */
    public static Txn when(Condition... conditions) {
        return new Txn(List.of(conditions), List.of(), List.of());
    }

    /** The same with steps for when the conditions hold. */
    public Txn then(Op... ops) {
        return new Txn(conditions, join(then, ops), otherwise);
    }

    /** The same with steps for when they do not. */
    public Txn otherwise(Op... ops) {
        return new Txn(conditions, then, join(otherwise, ops));
    }

    private static List<Op> join(List<Op> before, Op... ops) {
        List<Op> all = new ArrayList<>(before);
        all.addAll(List.of(ops));
        return all;
    }
}
