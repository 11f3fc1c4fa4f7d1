package io.fairlead.events.outbox;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** Which entry completes which revision of the store. Thinned out when there are many. Owned by the outbox's thread. */
final class Marks {
    private static final int MOST = 8192;

    private final Deque<Mark> marks = new ArrayDeque<>();

    /**
     * Everything up to a revision is told with this entry.
     *
     * @param epoch the revision counts in
     */
    record Mark(long seq, String epoch, long revision) {}

    void add(Entry entry) {
        if (entry.mark() == 0) {
            return;
        }
        if (marks.size() >= MOST) {
            thin();
        }
        marks.add(new Mark(entry.seq(), entry.fact().epoch(), entry.mark()));
    }

    /** Every second goes, not the last. */
    private void thin() {
        Deque<Mark> kept = new ArrayDeque<>();
        boolean keep = marks.size() % 2 == 1;
        for (Mark mark : marks) {
            if (keep) {
                kept.add(mark);
            }
            keep = !keep;
        }
        marks.clear();
        marks.addAll(kept);
    }

    void clear() {
        marks.clear();
    }

    /** The last mark up to an entry; those before are forgotten. */
    Optional<Mark> upTo(long seq) {
        Mark found = null;
        while (!marks.isEmpty() && marks.getFirst().seq() <= seq) {
            found = marks.removeFirst();
        }
        if (found != null) {
            marks.addFirst(found);
        }
        return Optional.ofNullable(found);
    }

    /** The last entry with which everything up to a revision is told; 0 for none. */
    long seqOf(String epoch, long revision) {
        long seq = 0;
        for (Mark mark : marks) {
            if (mark.epoch().equals(epoch) && mark.revision() <= revision) {
                seq = mark.seq();
            }
        }
        return seq;
    }
}
