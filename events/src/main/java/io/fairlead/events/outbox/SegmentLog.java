package io.fairlead.events.outbox;

import io.fairlead.events.outbox.Segment.CorruptException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Segments without gaps between them: appended at the end, removed at the start. Owned by the outbox's thread. */
final class SegmentLog {
    private static final Logger LOGGER = LoggerFactory.getLogger(SegmentLog.class);
    private static final int BUFFER = 1 << 18;

    private final Path directory;
    private final long segmentBytes;
    private final Deque<Segment> segments = new ArrayDeque<>();
    private ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    private @Nullable FileChannel tail;
    private long last;
    private long flushed;
    private Position read = new Position(0, 0, 0);

    /** Where the entry behind {@code after} starts. */
    private record Position(long after, long segment, long offset) {}

    SegmentLog(Path directory, long segmentBytes) {
        this.directory = directory;
        this.segmentBytes = segmentBytes;
    }

    /**
     * Reads all there is; what follows the first bad record, or a gap, is removed.
     *
     * @return false when entries up to {@code knownSeq} are missing that should be there
     */
    boolean recover(long knownSeq, Consumer<Entry> each) throws IOException {
        List<Segment> found;
        try (Stream<Path> files = Files.list(directory)) {
            found = files.sorted().flatMap(path -> Segment.of(path).stream()).toList();
        }
        last = knownSeq;
        boolean good = true;
        for (Segment segment : found) {
            boolean follows = segments.isEmpty() ? segment.first() <= knownSeq + 1 : segment.first() == last + 1;
            if (!good || !follows) {
                LOGGER.atError()
                        .addKeyValue("file", segment.path())
                        .log("outbox segment does not follow the one before, it is removed and found out again");
                Files.delete(segment.path());
                continue;
            }
            last = segments.isEmpty() ? segment.first() - 1 : last;
            good = replay(segment, each);
            segments.add(segment);
        }
        boolean intact = found.isEmpty() || last >= knownSeq;
        last = Math.max(last, knownSeq);
        flushed = last;
        return intact;
    }

    private boolean replay(Segment segment, Consumer<Entry> each) throws IOException {
        try (Segment.Reader reader = new Segment.Reader(segment, 0)) {
            try {
                for (Optional<Entry> next = reader.next(); next.isPresent(); next = reader.next()) {
                    Entry entry = next.get();
                    if (entry.seq() != last + 1) {
                        throw new CorruptException("entry " + entry.seq() + " (expected: " + (last + 1) + ")");
                    }
                    last = entry.seq();
                    segment.added(entry.seq(), (int) (reader.position() - segment.bytes()));
                    each.accept(entry);
                }
                return true;
            } catch (CorruptException e) {
                long size = Files.size(segment.path());
                LOGGER.atError()
                        .addKeyValue("file", segment.path())
                        .addKeyValue("offset", segment.bytes())
                        .addKeyValue("bytes", size - segment.bytes())
                        .addKeyValue("error", e.getMessage())
                        .log("outbox record is damaged, it and what follows is removed and found out again");
                try (FileChannel file = FileChannel.open(segment.path(), StandardOpenOption.WRITE)) {
                    file.truncate(segment.bytes());
                }
                return false;
            }
        }
    }

    /** Empties it; entries are counted on from a number none had, so that nobody takes new ones for old ones. */
    void reset() throws IOException {
        removeAll();
        last = Math.max(last, System.currentTimeMillis() * 1000);
        flushed = last;
    }

    Path directory() {
        return directory;
    }

    long first() {
        return segments.isEmpty() ? last + 1 : segments.getFirst().first();
    }

    long last() {
        return last;
    }

    long bytes() {
        long sum = 0;
        for (Segment segment : segments) {
            sum += segment.bytes();
        }
        return sum;
    }

    void append(Entry entry) throws IOException {
        int size = entry.size();
        Segment current = segments.peekLast();
        if (current == null || current.bytes() + size > segmentBytes || tail == null) {
            flush();
            current = roll(entry.seq());
        }
        if (buffer.remaining() < size) {
            write();
            if (buffer.capacity() < size) {
                buffer = ByteBuffer.allocate(size);
            }
        }
        entry.write(buffer);
        current.added(entry.seq(), size);
        last = entry.seq();
    }

    private Segment roll(long first) throws IOException {
        closeTail();
        Segment next = new Segment(directory, first);
        tail = FileChannel.open(
                next.path(), StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        if (!segments.isEmpty() && segments.getLast().bytes() == 0) {
            segments.removeLast();
        }
        segments.add(next);
        return next;
    }

    private void write() throws IOException {
        buffer.flip();
        FileChannel file = tail;
        while (file != null && buffer.hasRemaining()) {
            file.write(buffer);
        }
        buffer.clear();
    }

    void flush() throws IOException {
        FileChannel file = tail;
        if (flushed == last || file == null) {
            return;
        }
        write();
        file.force(false);
        flushed = last;
    }

    List<Entry> read(long after, int most, int mostBytes) throws IOException, CorruptException {
        List<Entry> entries = new ArrayList<>();
        long bytes = 0;
        long from = after;
        for (Segment segment : segments) {
            if (segment.last() <= from || from >= flushed) {
                continue;
            }
            boolean known = read.after() == from && read.segment() == segment.first();
            try (Segment.Reader reader = new Segment.Reader(segment, known ? read.offset() : 0)) {
                while (from < Math.min(segment.last(), flushed)) {
                    if (entries.size() >= most || bytes >= mostBytes) {
                        return entries;
                    }
                    Entry entry = reader.next().orElseThrow(() -> new CorruptException("end before entry"));
                    if (entry.seq() > from) {
                        entries.add(entry);
                        from = entry.seq();
                        bytes += entry.size();
                        read = new Position(from, segment.first(), reader.position());
                    }
                }
            }
        }
        return entries;
    }

    List<Segment> segments() {
        return new ArrayList<>(segments);
    }

    /** Segments with nothing behind an entry; not the one that grows, unless it is long enough. */
    List<Segment> toldBy(long seq) {
        List<Segment> told = new ArrayList<>();
        for (Segment segment : segments) {
            boolean grows = segment == segments.getLast() && segment.bytes() < segmentBytes / 2;
            if (segment.last() <= seq && !grows) {
                told.add(segment);
            }
        }
        return told;
    }

    void remove(List<Segment> some) throws IOException {
        for (Segment segment : some) {
            if (segment == segments.getLast()) {
                flush();
                closeTail();
            }
            Files.deleteIfExists(segment.path());
            segments.remove(segment);
        }
    }

    void removeAll() throws IOException {
        closeTail();
        buffer.clear();
        flushed = last;
        remove(segments());
    }

    /** Starts a segment anew with the next entry. */
    void closeTail() {
        FileChannel file = tail;
        tail = null;
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                LOGGER.atDebug().addKeyValue("error", e.getMessage()).log("outbox segment");
            }
        }
    }

    void close() {
        closeTail();
    }
}
