package io.fairlead.events.outbox;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;

/**
 * A file of entries without gaps, named after the first. Only the last one grows. Owned by the outbox's thread.
 */
final class Segment {
    static final String SUFFIX = ".log";

    private final Path path;
    private final long first;
    private long last;
    private long bytes;

    Segment(Path directory, long first) {
        this(directory.resolve(String.format(Locale.ROOT, "%020d", first) + SUFFIX), first, first - 1, 0);
    }

    private Segment(Path path, long first, long last, long bytes) {
        this.path = path;
        this.first = first;
        this.last = last;
        this.bytes = bytes;
    }

    /** A file that is there, as its name says; {@link #added} says what is in it. */
    static Optional<Segment> of(Path path) {
        String name = String.valueOf(path.getFileName());
        if (!name.matches("[0-9]{20}\\.log")) {
            return Optional.empty();
        }
        long first = Long.parseLong(name.substring(0, 20));
        return Optional.of(new Segment(path, first, first - 1, 0));
    }

    Path path() {
        return path;
    }

    long first() {
        return first;
    }

    /** Its last entry; one less than the first when it is empty. */
    long last() {
        return last;
    }

    long bytes() {
        return bytes;
    }

    void added(long seq, int size) {
        last = seq;
        bytes += size;
    }

    /** Reads entries one after the other. */
    static final class Reader implements AutoCloseable {
        private static final int BUFFER = 1 << 16;

        private final FileChannel channel;
        private ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
        private long position;

        Reader(Segment segment, long from) throws IOException {
            channel = FileChannel.open(segment.path, StandardOpenOption.READ);
            channel.position(from);
            position = from;
        }

        /** Where the next entry starts. */
        long position() {
            return position;
        }

        /**
         * The next entry; empty at the end.
         *
         * @throws CorruptException when what follows is no entry
         */
        Optional<Entry> next() throws IOException, CorruptException {
            if (!fill(Entry.HEADER)) {
                if (buffer.hasRemaining()) {
                    throw new CorruptException("torn header of " + buffer.remaining() + " bytes");
                }
                return Optional.empty();
            }
            int length = buffer.getInt(buffer.position());
            if (length <= 0 || length > Entry.MAX_PAYLOAD) {
                throw new CorruptException("length " + length);
            }
            if (!fill(Entry.HEADER + length)) {
                throw new CorruptException("torn record: " + buffer.remaining() + " of " + (Entry.HEADER + length));
            }
            int at = buffer.position();
            if (buffer.getInt(at + 4) != Entry.checksum(buffer, at + Entry.HEADER, length)) {
                throw new CorruptException("wrong checksum");
            }
            Entry entry = parse(buffer.slice(at + Entry.HEADER, length));
            buffer.position(at + Entry.HEADER + length);
            position += Entry.HEADER + length;
            return Optional.of(entry);
        }

        private static Entry parse(ByteBuffer payload) throws CorruptException {
            try {
                return Entry.read(payload);
            } catch (RuntimeException e) {
                throw new CorruptException("unreadable payload: " + e);
            }
        }

        private boolean fill(int wanted) throws IOException {
            if (buffer.remaining() >= wanted) {
                return true;
            }
            if (buffer.capacity() < wanted) {
                buffer = ByteBuffer.allocate(wanted + BUFFER).put(buffer).flip();
            }
            buffer.compact();
            while (buffer.position() < wanted && channel.read(buffer) >= 0) {
                // until there is enough, or the end
            }
            buffer.flip();
            return buffer.remaining() >= wanted;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** What follows is no entry. */
    static final class CorruptException extends Exception {
        private static final long serialVersionUID = 1L;

        CorruptException(String message) {
            super(message);
        }
    }
}
