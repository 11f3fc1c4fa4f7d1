package io.fairlead.events.outbox;

import io.fairlead.events.outbox.Segment.CorruptException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes the newest entry of each key behind a number once more, at the end of a log, and removes all before. */
final class Collapse {
    private final SegmentLog log;
    private final long after;
    private final Map<String, Long> newest = new HashMap<>();
    private Optional<Entry> lastMark = Optional.empty();

    /** Told the last entry of a collapsed log, before the old one goes. */
    interface Collapsed {
        void at(Entry last) throws IOException;
    }

    private Collapse(SegmentLog log, long after) {
        this.log = log;
        this.after = after;
    }

    /**
     * Carries it out; values of what it returns are left out.
     *
     * @param most bytes that may be left
     * @return the entries written once more; empty when that would be more than {@code most} bytes: nothing is done then
     */
    static Optional<List<Entry>> of(SegmentLog log, long after, long most, Collapsed done)
            throws IOException, CorruptException {
        Collapse collapse = new Collapse(log, after);
        return collapse.bytes() > most ? Optional.empty() : Optional.of(collapse.rewrite(done));
    }

    /** What would be left. */
    private long bytes() {
        Map<String, Integer> sizes = new HashMap<>();
        for (Iterator<Entry> all = new Entries(after, log.last()); all.hasNext(); ) {
            Entry entry = all.next();
            newest.put(entry.key(), entry.seq());
            sizes.put(entry.key(), entry.size());
            lastMark = entry.mark() != 0 ? Optional.of(entry) : lastMark;
        }
        return sizes.values().stream().mapToLong(size -> size).sum();
    }

    private List<Entry> rewrite(Collapsed done) throws IOException {
        List<Segment> old = log.segments();
        List<Entry> kept = new ArrayList<>();
        long former = log.last();
        log.closeTail();
        for (Iterator<Entry> all = new Entries(after, former); all.hasNext(); ) {
            Entry entry = all.next();
            if (!entry.isMark() && entry.seq() == newest.getOrDefault(entry.key(), 0L)) {
                kept.add(again(entry, 0));
            }
        }
        if (lastMark.isPresent()) {
            Entry end = lastMark.get();
            kept.add(again(new Entry(0, "", "", end.fact(), 0, end.timeMs()), end.mark()));
        }
        log.flush();
        done.at(new Entry(log.last(), "", "", new Entry.Fact("", 0, 0, false), 0, 0));
        log.remove(old);
        return kept;
    }

    /** Values are not needed any more once they are written, and there may be many. */
    private Entry again(Entry entry, long mark) throws IOException {
        Entry again = new Entry(log.last() + 1, entry.key(), entry.value(), entry.fact(), mark, entry.timeMs());
        log.append(again);
        return new Entry(again.seq(), again.key(), "", again.fact(), mark, again.timeMs());
    }

    /** Entries in pieces. */
    private final class Entries implements Iterator<Entry> {
        private final long end;
        private long at;
        private Iterator<Entry> piece = List.<Entry>of().iterator();

        Entries(long after, long end) {
            this.at = after;
            this.end = end;
        }

        @Override
        public boolean hasNext() {
            if (!piece.hasNext() && at < end) {
                try {
                    piece = log.read(at, 1024, 1 << 20).iterator();
                } catch (IOException | CorruptException e) {
                    throw new OutboxException("outbox: " + log.directory() + ": " + e.getMessage(), e);
                }
            }
            return piece.hasNext() && at < end;
        }

        @Override
        public Entry next() {
            Entry entry = piece.next();
            at = entry.seq();
            return entry;
        }
    }
}
