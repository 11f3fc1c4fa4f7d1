package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Mapping;
import io.fairlead.node.kernel.ffi.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The reading end of a map of type BPF_MAP_TYPE_RINGBUF (Documentation/bpf/ringbuf.rst): a page with the reader's
 * position, a page with the writers', and the records, mapped twice in a row so that none is torn at the end.
 *
 * <p>There is one reader a map; one thread at a time. Close it before the map.
 */
public final class RingBuffer implements AutoCloseable {
    private static final int BUSY = 1 << 31;
    private static final int DISCARDED = 1 << 30;
    private static final int HEADER = 8;
    /** Longest record that is handed on; ours are far shorter. */
    private static final int LONGEST = 4096;

    private final int size;
    private final int page = Mapping.pageSize();
    private final Mapping reader;
    private final Mapping writers;
    private final byte[] bytes = new byte[LONGEST];
    // owned by: the reading thread
    private boolean closed;
    private final ByteBuffer record = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());

    /** Gets records. */
    @FunctionalInterface
    public interface Sink {
        /**
         * One record.
         *
         * @param bytes from 0 on, in native byte order; another record's after the call
         * @param length of the record; what is behind is of earlier ones
         */
        void record(ByteBuffer bytes, int length);
    }

    /**
     * Maps the buffer; what is in it stays there until it is read.
     *
     * @throws io.fairlead.node.kernel.KernelException when the kernel refuses, or the map is no ring buffer
     */
    public RingBuffer(BpfMap map) {
        var info = KernelTypes.running().mapInfo().allocate();
        ByteBuffer length = Bpf.integer(info.buffer().capacity());
        Native.call("map info " + map.name(), () -> Bpf.LIB.bpf_obj_get_info_by_fd(map.fd(), info.buffer(), length));
        size = info.getInt("max_entries");
        reader = Mapping.of("map reader's page of " + map.name(), map.fd(), 0, page, true);
        try {
            writers = Mapping.of("map records of " + map.name(), map.fd(), page, page + 2L * size, false);
        } catch (RuntimeException e) {
            reader.close();
            throw e;
        }
    }

    /** Bytes of the records' part. */
    public int size() {
        return size;
    }

    /**
     * Reads what is there, up to the first record that is still being written.
     *
     * @param most records to read
     * @return records read, those their writers gave up among them
     */
    public int drain(int most, Sink sink) {
        if (closed) {
            return 0;
        }
        long position = reader.acquireLong(0);
        long end = writers.acquireLong(0);
        int count = 0;
        while (position < end && count < most) {
            long at = page + (position & (size - 1));
            int header = writers.acquireInt(at);
            if ((header & BUSY) != 0) {
                break;
            }
            int length = header & ~DISCARDED;
            if ((header & DISCARDED) == 0 && length <= LONGEST) {
                writers.read(at + HEADER, bytes, length);
                sink.record(record, length);
            }
            position += (length + HEADER + 7L) / 8 * 8;
            reader.releaseLong(0, position);
            count++;
        }
        return count;
    }

    /** By the reading thread. Nothing is read afterwards. */
    @Override
    public void close() {
        closed = true;
        writers.close();
        reader.close();
    }
}
