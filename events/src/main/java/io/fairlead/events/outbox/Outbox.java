package io.fairlead.events.outbox;

import io.fairlead.events.outbox.Entry.Fact;
import io.fairlead.events.outbox.Segment.CorruptException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entries on disk that are not told yet, and what all entries so far add up to. For one thread.
 *
 * <p>After an {@link OutboxException} from {@link #append} or {@link #flush} it must be closed and opened again: it is then
 * what the disk holds. More than its limit is never kept: first only the newest of each entity, then nothing is taken.
 */
public final class Outbox implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Outbox.class);

    private final Path directory;
    private final long maxBytes;
    private final DirectoryLock lock;
    private final SegmentLog log;
    private final Snapshot snapshot;
    private final Marks marks = new Marks();
    private Known known = new Known(0);
    private long trimmed;
    private long refusedCollapseAt;
    private boolean fresh;

    private Outbox(Path directory, long maxBytes, DirectoryLock lock) {
        this.directory = directory;
        this.maxBytes = maxBytes;
        this.lock = lock;
        this.log = new SegmentLog(directory, Math.max(1 << 14, Math.min(4 << 20, maxBytes / 8)));
        this.snapshot = new Snapshot(directory);
    }

    /**
     * Opens what is there, or makes an empty one.
     *
     * @param maxBytes that segments may have together
     * @throws OutboxException naming the directory when it cannot be used or another process uses it
     */
    public static Outbox open(Path directory, long maxBytes) {
        Outbox outbox = new Outbox(directory, maxBytes, DirectoryLock.of(directory));
        try {
            outbox.recover();
            return outbox;
        } catch (IOException e) {
            outbox.closeFiles();
            throw OutboxException.cannot("read", directory, e);
        }
    }

    private void recover() throws IOException {
        Optional<Known> saved = snapshot.load();
        known = saved.orElseGet(() -> new Known(0));
        boolean intact = log.recover(known.seq(), entry -> {
            marks.add(entry);
            if (entry.seq() > known.seq()) {
                known.apply(entry);
            }
        });
        if (saved.isEmpty() || !intact) {
            LOGGER.atError()
                    .addKeyValue("directory", directory)
                    .log("outbox is damaged: what was told is not known here, the topic will be asked");
            log.reset();
            marks.clear();
            known = new Known(log.last());
            snapshot.save(known);
        }
        fresh = known.entities().isEmpty() && known.mark() == 0 && log.bytes() == 0;
        trimmed = log.first() - 1;
    }

    /** True when nothing was on disk, or nothing that could be read: what was told before is not known here. */
    public boolean isFresh() {
        return fresh;
    }

    /** Takes over what is known elsewhere. Only while it is fresh. */
    public void seed(Map<String, Fact> facts) {
        known.seed(facts);
        try {
            save();
        } catch (IOException e) {
            throw OutboxException.cannot("write", directory, e);
        }
        fresh = false;
    }

    /** What all entries add up to, by key; changes with every append. */
    public Map<String, Fact> known() {
        return known.entities();
    }

    /** Revision of the store up to which everything is in it or told; 0 for none. */
    public long mark() {
        return known.mark();
    }

    /** Epoch of the newest entry; empty for none. */
    public String epoch() {
        return known.epoch();
    }

    /** The newest entry, counted from 1. */
    public long lastSeq() {
        return log.last();
    }

    /** Everything up to here is told. */
    public long trimmed() {
        return trimmed;
    }

    /** Entries that are not told yet. */
    public long records() {
        return Math.max(0, log.last() - trimmed);
    }

    /** Bytes of all segments. */
    public long bytes() {
        return log.bytes();
    }

    /** True when there is room to go on after it was full. */
    public boolean hasRoom() {
        return log.bytes() <= maxBytes / 2 || records() == 0;
    }

    /**
     * Adds an event. It is on disk after {@link #flush}.
     *
     * @param key empty for a mark alone
     * @param mark revision that is complete with it, 0 for none
     * @throws OutboxException when there is no room
     */
    public void append(String key, String value, Fact fact, long mark, long timeMs) {
        Entry entry = new Entry(log.last() + 1, key, value, fact, mark, timeMs);
        int size = entry.size();
        if (size > Entry.MAX_PAYLOAD) {
            throw new OutboxException("event: " + key + " has " + size + " bytes (expected: less than 4 MiB)", null);
        }
        try {
            if (log.bytes() + size > maxBytes) {
                makeRoom(size);
                entry = new Entry(log.last() + 1, key, value, fact, mark, timeMs);
            }
            snapshot.keepRoomFor(known);
            log.append(entry);
        } catch (IOException e) {
            throw OutboxException.cannot("write", directory, e);
        }
        known.apply(entry);
        marks.add(entry);
        fresh = false;
    }

    /** Puts what was added on disk. */
    public void flush() {
        try {
            log.flush();
        } catch (IOException e) {
            throw OutboxException.cannot("write", directory, e);
        }
    }

    /** Entries behind {@code after} that are on disk, up to a number and a size. */
    public List<Entry> read(long after, int most, int mostBytes) {
        try {
            return log.read(Math.max(after, trimmed), most, mostBytes);
        } catch (IOException e) {
            throw OutboxException.cannot("read", directory, e);
        } catch (CorruptException e) {
            throw new OutboxException(
                    "outbox: " + directory + ": " + e.getMessage() + " (expected: what was written)", e);
        }
    }

    /** The revision up to which everything is told with an entry; empty when that is not known. */
    public Optional<Fact> completeAt(long seq) {
        return marks.upTo(seq).map(mark -> new Fact(mark.epoch(), mark.revision(), 0, false));
    }

    /** Everything up to a revision was told by whoever: forgets it. Returns the last entry it covers. */
    public long trimTo(String epoch, long revision) {
        trim(marks.seqOf(epoch, revision));
        return trimmed;
    }

    /** Everything up to an entry is told: forgets it. */
    public void trim(long seq) {
        if (seq <= trimmed) {
            return;
        }
        trimmed = Math.min(seq, log.last());
        refusedCollapseAt = 0;
        try {
            List<Segment> told = log.toldBy(trimmed);
            if (!told.isEmpty()) {
                if (snapshot.seq() < told.get(told.size() - 1).last()) {
                    save();
                }
                log.remove(told);
            }
        } catch (IOException e) {
            throw OutboxException.cannot("write", directory, e);
        }
    }

    /** Gives the disk back what told entries take, when all are told. */
    public void release() {
        if (records() == 0 && log.bytes() > 0) {
            try {
                try {
                    save();
                } catch (IOException e) {
                    // all is told: should this process die before the next line is done, the topic says what
                    log.removeAll();
                    snapshot.delete();
                    save();
                }
                log.removeAll();
            } catch (IOException e) {
                throw OutboxException.cannot("write", directory, e);
            }
        }
    }

    private void save() throws IOException {
        log.flush();
        snapshot.save(known);
    }

    /** Keeps only the newest of each entity when that halves it; or else refuses. */
    private void makeRoom(int size) throws IOException {
        if (log.bytes() > refusedCollapseAt) {
            try {
                log.flush();
                Optional<List<Entry>> kept = Collapse.of(log, trimmed, maxBytes / 2, this::snapshotAt);
                if (kept.isPresent()) {
                    marks.clear();
                    kept.get().forEach(marks::add);
                    trimmed = log.first() - 1;
                    LOGGER.atWarn()
                            .addKeyValue("directory", directory)
                            .addKeyValue("bytes", log.bytes())
                            .log("outbox was full: only the newest event of each entity is kept");
                    return;
                }
            } catch (CorruptException e) {
                throw new IOException(e.getMessage(), e);
            }
            refusedCollapseAt = log.bytes() + maxBytes / 8;
        }
        throw new OutboxException(
                "outbox: " + directory + " has " + log.bytes() + " bytes, " + size + " more (expected: at most "
                        + maxBytes + ", as events-outbox-max says)",
                null);
    }

    private void snapshotAt(Entry last) throws IOException {
        known.apply(new Entry(last.seq(), "", "", new Fact(known.epoch(), 0, 0, false), 0, 0));
        save();
    }

    /** Flushes and closes; what is told altogether is left as a snapshot alone. */
    @Override
    public void close() {
        try {
            log.flush();
            if (records() == 0 && log.bytes() > 0) {
                save();
                log.removeAll();
            }
        } catch (IOException e) {
            LOGGER.atWarn().addKeyValue("error", e.getMessage()).log("outbox was not closed well");
        } finally {
            closeFiles();
        }
    }

    /** Closes without writing anything more. */
    public void abandon() {
        closeFiles();
    }

    private void closeFiles() {
        log.close();
        lock.close();
    }
}
