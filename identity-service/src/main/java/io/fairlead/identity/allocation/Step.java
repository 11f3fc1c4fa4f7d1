package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import java.util.ArrayList;
import java.util.List;

/**
 * A transaction that, if it goes through, makes a label set have a number and a node refer to it.
 *
 * @param id the number
 * @param fresh true when the number was chosen now
 * @param txn reads {@code reads} otherwise
 * @param reads what must be known for the next attempt
 */
record Step(IdentityId id, boolean fresh, Txn txn, List<Op> reads) {
    /** What is known of a key before the transaction. */
    private enum State {
        THERE,
        MISSING
    }

    /** The label set has this number already. */
    static Step refer(Request request, IdentityId id) {
        return of(request, id, State.THERE, State.THERE, false);
    }

    /** The label set has this number, but the number's own key is gone. */
    static Step restore(Request request, IdentityId id) {
        return of(request, id, State.THERE, State.MISSING, false);
    }

    /** Others gave the label set this number: it becomes the deciding one. */
    static Step adopt(Request request, IdentityId id, boolean idThere) {
        return of(request, id, State.MISSING, idThere ? State.THERE : State.MISSING, false);
    }

    /** The label set gets a new number: one that does not rest, or some kernel might take it for what it meant before. */
    static Step create(Request request, IdentityId id) {
        return fresh(request, id, new Condition.Missing(request.keys().freed(id)));
    }

    /** The same for one of which nothing has been read: others must not have given it a number either. */
    static Step createFirst(Request request, IdentityId id) {
        return fresh(
                request,
                id,
                new Condition.Missing(request.keys().freed(id)),
                new Condition.NoneUnder(request.keys().references(request.encoded())));
    }

    private static Step fresh(Request request, IdentityId id, Condition... more) {
        Step step = of(request, id, State.MISSING, State.MISSING, true);
        List<Condition> conditions = new ArrayList<>(step.txn().conditions());
        conditions.addAll(List.of(more));
        Txn txn = new Txn(conditions, step.txn().then(), step.txn().otherwise());
        return new Step(id, true, txn, step.reads());
    }

    private static Step of(Request request, IdentityId id, State labelKey, State idKey, boolean fresh) {
        List<Condition> conditions = new ArrayList<>();
        List<Op> then = new ArrayList<>();
        hold(conditions, then, request.labelKey(), id.toString(), labelKey);
        hold(conditions, then, request.keys().id(id), request.encoded(), idKey);
        then.add(Op.put(request.referenceKey(), id.toString()));
        List<Op> reads = new ArrayList<>(request.reads());
        reads.add(new Op.Get(request.keys().id(id)));
        return new Step(id, fresh, new Txn(conditions, then, reads), reads);
    }

    private static void hold(List<Condition> conditions, List<Op> then, String key, String value, State state) {
        switch (state) {
            case THERE -> conditions.add(new Condition.ValueIs(key, value));
            case MISSING -> {
                conditions.add(new Condition.Missing(key));
                then.add(Op.put(key, value));
            }
        }
    }
}
