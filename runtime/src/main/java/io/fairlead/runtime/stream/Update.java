package io.fairlead.runtime.stream;

import com.google.protobuf.MessageLite;
import java.util.ArrayList;
import java.util.List;

/**
 * The way from one version to another, in pieces that are encoded when first sent and shared by all who take it.
 *
 * <p>A piece has at most {@link #CHUNK} changes and about {@link #CHUNK_BYTES} bytes, but at least one change: nodes refuse
 * messages far larger.
 */
final class Update<K, V> {
    static final int CHUNK = 1_000;
    static final int CHUNK_BYTES = 1 << 20;

    private final VersionedTable<K, V> table;
    private final long since;
    private final boolean snapshot;
    private final List<Change<K, V>> changes;
    private final long position;
    // owned by: the context of the streams, as all below
    private final List<byte[]> bodies = new ArrayList<>();
    private int encoded;
    private int guess = CHUNK;

    private Update(
            VersionedTable<K, V> table, long since, boolean snapshot, List<Change<K, V>> changes, long position) {
        this.table = table;
        this.since = since;
        this.snapshot = snapshot;
        this.changes = changes;
        this.position = position;
    }

    /** @param position of the table in {@link Convergence} */
    static <K, V> Update<K, V> snapshot(VersionedTable<K, V> table, long position) {
        List<Change<K, V>> all = new ArrayList<>(table.size());
        table.entries().forEach(e -> all.add(new Change.Upsert<>(e.key(), e.value())));
        return new Update<>(table, 0, true, all, position);
    }

    /** @param changes what leads from {@code since} to the table */
    static <K, V> Update<K, V> since(
            VersionedTable<K, V> table, long since, List<Change<K, V>> changes, long position) {
        return new Update<>(table, since, false, changes, position);
    }

    long version() {
        return table.version();
    }

    String epoch() {
        return table.epoch();
    }

    /** What {@link Convergence} calls the version it leads to. */
    long position() {
        return position;
    }

    boolean isSnapshot() {
        return snapshot;
    }

    boolean isEmpty() {
        return !snapshot && changes.isEmpty();
    }

    /** Whether a piece that was encoded is the last one. */
    boolean isLast(int index) {
        return index == bodies.size() - 1 && encoded == changes.size();
    }

    /** A piece; those before it have been asked for. */
    byte[] body(int index, TableCodec<K, V> codec) {
        if (index == bodies.size()) {
            bodies.add(next(codec));
        }
        return bodies.get(index);
    }

    private byte[] next(TableCodec<K, V> codec) {
        int count = Math.min(guess, changes.size() - encoded);
        MessageLite message = encode(encoded + count, codec);
        while (count > 1 && message.getSerializedSize() > CHUNK_BYTES) {
            count /= 2;
            message = encode(encoded + count, codec);
        }
        encoded += count;
        guess = Math.min(CHUNK, Math.max(1, 2 * count));
        return message.toByteArray();
    }

    private MessageLite encode(int end, TableCodec<K, V> codec) {
        boolean last = end == changes.size();
        // who has only a part must not resume behind it
        long reached = last ? version() : since;
        return codec.encode(
                new Chunk<>(table.epoch(), reached, snapshot, last, table.size(), changes.subList(encoded, end)));
    }
}
