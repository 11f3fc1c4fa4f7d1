package io.fairlead.runtime.stream;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The way from one version to another, in pieces that are encoded when first sent and shared by all who take it. */
final class Update<K, V> {
    static final int CHUNK = 1_000;

    private final VersionedTable<K, V> table;
    private final long since;
    private final boolean snapshot;
    private final List<Change<K, V>> changes;
    // owned by: the context of the streams
    private final byte @Nullable [][] bodies;

    private Update(VersionedTable<K, V> table, long since, boolean snapshot, List<Change<K, V>> changes) {
        this.table = table;
        this.since = since;
        this.snapshot = snapshot;
        this.changes = changes;
        this.bodies = new byte[Math.max(1, (changes.size() + CHUNK - 1) / CHUNK)][];
    }

    static <K, V> Update<K, V> snapshot(VersionedTable<K, V> table) {
        List<Change<K, V>> all = new ArrayList<>(table.size());
        table.entries().forEach(e -> all.add(new Change.Upsert<>(e.key(), e.value())));
        return new Update<>(table, 0, true, all);
    }

    /** The difference, or everything when the table does not remember that far. */
    static <K, V> Update<K, V> since(VersionedTable<K, V> table, long since) {
        return table.diff(since)
                .map(changes -> new Update<>(table, since, false, changes))
                .orElseGet(() -> snapshot(table));
    }

    long version() {
        return table.version();
    }

    String epoch() {
        return table.epoch();
    }

    boolean isSnapshot() {
        return snapshot;
    }

    boolean isEmpty() {
        return !snapshot && changes.isEmpty();
    }

    int chunks() {
        return bodies.length;
    }

    byte[] body(int index, TableCodec<K, V> codec) {
        byte[] body = bodies[index];
        if (body == null) {
            boolean last = index == bodies.length - 1;
            List<Change<K, V>> part = changes.subList(index * CHUNK, Math.min(changes.size(), (index + 1) * CHUNK));
            // who has only a part must not resume behind it
            long reached = last ? version() : since;
            body = codec.encode(new Chunk<>(table.epoch(), reached, snapshot, last, part))
                    .toByteArray();
            bodies[index] = body;
        }
        return body;
    }
}
