package io.fairlead.events.publish;

import io.fairlead.contract.events.EventKind;
import io.fairlead.contract.events.EventRecord;
import io.fairlead.events.kafka.Broker;
import io.fairlead.events.outbox.Entry;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A broker in memory that can be away. */
final class FakeBroker implements Broker {
    // guarded by: this
    private final List<EventRecord> records = new ArrayList<>();
    private boolean away;
    private int sent;
    private int refuseEvery;

    synchronized void away(boolean now) {
        away = now;
    }

    synchronized void failEvery(int n) {
        refuseEvery = n;
    }

    synchronized List<EventRecord> records() {
        return List.copyOf(records);
    }

    synchronized Map<String, EventRecord> last() {
        Map<String, EventRecord> last = new HashMap<>();
        records.forEach(record -> last.put(record.key(), record));
        return last;
    }

    /** What a compacted topic would say there is. */
    synchronized Map<String, EventRecord> state() {
        Map<String, EventRecord> state = last();
        state.values().removeIf(EventRecord::isDelete);
        return state;
    }

    @Override
    public synchronized Future<Void> ensureTopic(EventKind kind) {
        return away ? Future.failedFuture("broker away") : Future.succeededFuture();
    }

    @Override
    public synchronized Future<Void> send(EventKind kind, Entry entry) {
        if (entry.key().endsWith("toolarge")) {
            return Future.failedFuture(new RefusedException("too large", new IllegalStateException()));
        }
        sent++;
        if (away || (refuseEvery > 0 && sent % refuseEvery == 0)) {
            return Future.failedFuture("broker away");
        }
        records.add(EventRecord.decode(entry.value()));
        return Future.succeededFuture();
    }

    @Override
    public synchronized Future<Map<String, Entry.Fact>> told(EventKind kind) {
        if (away) {
            return Future.failedFuture("broker away");
        }
        Map<String, Entry.Fact> told = new HashMap<>();
        state().forEach((key, record) -> told.put(
                key,
                new Entry.Fact(
                        record.origin().epoch(),
                        record.origin().revision(),
                        Entry.Fact.hash(record.detail().toString()),
                        false)));
        return Future.succeededFuture(told);
    }

    @Override
    public Future<Void> close() {
        return Future.succeededFuture();
    }
}
