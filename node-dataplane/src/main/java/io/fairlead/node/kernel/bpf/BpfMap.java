package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.bpf.BpfSpec.MapSpec;
import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import jnr.constants.platform.Errno;
import org.jspecify.annotations.Nullable;

/** An open map. Keys and values are bytes in direct buffers, entry behind entry. Any thread. */
public final class BpfMap implements AutoCloseable {
    /** BPF_NOEXIST of linux/bpf.h. */
    private static final long NOEXIST = 1;
    /** BPF_F_LOCK of linux/bpf.h: an entry that is there is changed where it is, not replaced by another. */
    private static final long IN_PLACE = 4;

    private static final int SAMPLE = 1024;

    private final String name;
    private final int fd;
    private final MapSpec spec;

    BpfMap(String name, int fd, MapSpec spec) {
        this.name = name;
        this.fd = fd;
        this.spec = spec;
    }

    /**
     * Opens a pinned map, for reading it beside the agent or without one.
     *
     * @throws KernelException when nothing is pinned there, or not this map
     */
    public static BpfMap open(BpfSpec spec, Path pinRoot, String name) {
        MapSpec expected = spec.map(name);
        Path pin = pinRoot.resolve(name);
        int fd = Native.call("open map " + pin, () -> Bpf.LIB.bpf_obj_get(pin.toString()));
        try {
            MapLayout found = MapLayout.of(pin, fd);
            MapLayout wanted = MapLayout.of(expected);
            // entries of another layout would be read as what they are not; how many there may be is configured
            if (!found.sameEntries(wanted)) {
                throw Native.failure(
                        "pinned map " + pin, Errno.EINVAL.intValue(), found + " (expected: " + wanted + ")");
            }
            return new BpfMap(name, fd, expected.withMaxEntries(found.maxEntries()));
        } catch (KernelException e) {
            Bpf.close(fd);
            throw e;
        }
    }

    public String name() {
        return name;
    }

    /** Most entries it holds; of a ring buffer its bytes. */
    public int capacity() {
        return spec.maxEntries();
    }

    int fd() {
        return fd;
    }

    MapSpec spec() {
        return spec;
    }

    /**
     * How far a batch came.
     *
     * @param done entries from the front that were processed
     * @param failure why the next one was not; null when all were
     */
    record Progress(int done, @Nullable KernelException failure) {}

    /** Writes the first {@code count} entries, stopping at the first that fails. */
    Progress update(ByteBuffer keys, ByteBuffer values, int count) {
        return update(keys, values, count, false);
    }

    /** @param inPlace for maps whose values have a lock: entries that are there stay where they are */
    Progress update(ByteBuffer keys, ByteBuffer values, int count, boolean inPlace) {
        ByteBuffer processed = Bpf.integer(count);
        // struct bpf_map_batch_opts: its size, flags of the entries, flags of the batch
        ByteBuffer options = Bpf.buffer(3 * Long.BYTES);
        options.putLong(0, options.capacity()).putLong(Long.BYTES, inPlace ? IN_PLACE : 0);
        return progress(
                "update map " + name,
                processed,
                count,
                () -> Bpf.LIB.bpf_map_update_batch(fd, keys, values, processed, options));
    }

    /** Deletes the first {@code count} keys, stopping at the first that fails; a missing one fails. */
    Progress delete(ByteBuffer keys, int count) {
        ByteBuffer processed = Bpf.integer(count);
        return progress(
                "delete from map " + name,
                processed,
                count,
                () -> Bpf.LIB.bpf_map_delete_batch(fd, keys, processed, null));
    }

    void updateOne(ByteBuffer key, ByteBuffer value) {
        updateOne(key, value, false);
    }

    /** @param inPlace as of {@link #update(ByteBuffer, ByteBuffer, int, boolean)} */
    void updateOne(ByteBuffer key, ByteBuffer value, boolean inPlace) {
        Native.call("update map " + name, () -> Bpf.LIB.bpf_map_update_elem(fd, key, value, inPlace ? IN_PLACE : 0));
    }

    /** Writes an entry unless there is one. */
    void insertOne(ByteBuffer key, ByteBuffer value) {
        try {
            Native.call("insert into map " + name, () -> Bpf.LIB.bpf_map_update_elem(fd, key, value, NOEXIST));
        } catch (KernelException e) {
            if (e.errno() != Errno.EEXIST.intValue()) {
                throw e;
            }
        }
    }

    void deleteOne(ByteBuffer key) {
        try {
            Native.call("delete from map " + name, () -> Bpf.LIB.bpf_map_delete_elem(fd, key));
        } catch (KernelException e) {
            if (e.errno() != Errno.ENOENT.intValue()) {
                throw e;
            }
        }
    }

    /** Looks one key up; false when it is not there. Does not make an entry of an LRU map look used. */
    boolean find(ByteBuffer key, ByteBuffer value) {
        return there("look up in map " + name, Bpf.LIB.bpf_map_lookup_elem(fd, key, value), Errno.ENOENT);
    }

    /**
     * Removes an entry that nobody else touches meanwhile. When a program changes it in the moment between the last
     * look and the removal, it is put back as the program left it; it is missing for some microseconds then.
     *
     * @param value room for the entry, which {@code stale} judges
     * @return whether it was there and is gone
     */
    boolean remove(ByteBuffer key, ByteBuffer value, BooleanSupplier stale) {
        if (!find(key, value)
                || !stale.getAsBoolean()
                || !there(
                        "delete from map " + name,
                        Bpf.LIB.bpf_map_lookup_and_delete_elem(fd, key, value),
                        Errno.ENOENT)) {
            return false;
        }
        if (stale.getAsBoolean()) {
            return true;
        }
        // One that a program has made anew by now is the better one.
        there("update map " + name, Bpf.LIB.bpf_map_update_elem(fd, key, value, NOEXIST), Errno.EEXIST);
        return false;
    }

    /** libbpf returns the negative error number; an exception for each missing entry would cost more than the call. */
    private static boolean there(String attempt, int result, Errno expected) {
        if (result >= 0) {
            return true;
        }
        if (-result == expected.intValue()) {
            return false;
        }
        throw Native.failure(attempt, -result, "");
    }

    /**
     * How full a hash is about, 0 to 1: from its first entries and the buckets they take. The kernel continues a batch
     * at a bucket number; should that change, the estimate is too low.
     */
    double filled() {
        int buckets = Integer.highestOneBit(Math.max(1, spec.maxEntries() - 1)) << 1;
        for (int size = Math.min(SAMPLE, spec.maxEntries()); ; size *= 2) {
            ByteBuffer keys = Bpf.buffer(size * spec.keySize());
            ByteBuffer values = Bpf.buffer(size * spec.valueSize());
            ByteBuffer next = Bpf.buffer(Math.max(spec.keySize(), Integer.BYTES));
            ByteBuffer count = Bpf.integer(size);
            int failed = errno(() -> Bpf.LIB.bpf_map_lookup_batch(fd, null, next, keys, values, count, null));
            if (failed == Errno.ENOSPC.intValue() && size < spec.maxEntries()) {
                continue;
            }
            if (failed != 0 && failed != Errno.ENOENT.intValue()) {
                throw Native.failure("read map " + name, failed, "");
            }
            int seen = next.getInt(0);
            double scale = failed != 0 || seen <= 0 || seen > buckets ? 1 : (double) buckets / seen;
            return Math.min(1, scale * count.getInt(0) / spec.maxEntries());
        }
    }

    private static Progress progress(String attempt, ByteBuffer processed, int count, IntSupplier batch) {
        try {
            Native.call(attempt, batch);
            return new Progress(count, null);
        } catch (KernelException e) {
            // A failure before the first entry leaves the count as it was.
            int done = processed.getInt(0);
            return new Progress(done >= count ? 0 : done, e);
        }
    }

    /** Gets entries while a map is read. */
    @FunctionalInterface
    interface Reader {
        void entries(ByteBuffer keys, ByteBuffer values, int count);
    }

    /**
     * Reads the whole map in batches. Entries written meanwhile may be seen or not.
     *
     * @param valueSize bytes of a value as user space sees it
     */
    void read(int valueSize, int batch, Reader reader) {
        int size = Math.min(batch, spec.maxEntries());
        ByteBuffer from = null;
        while (true) {
            ByteBuffer keys = Bpf.buffer(size * spec.keySize());
            ByteBuffer values = Bpf.buffer(size * valueSize);
            ByteBuffer next = Bpf.buffer(Math.max(spec.keySize(), Integer.BYTES));
            ByteBuffer count = Bpf.integer(size);
            ByteBuffer start = from;
            int failed = errno(() -> Bpf.LIB.bpf_map_lookup_batch(fd, start, next, keys, values, count, null));
            if (failed == Errno.ENOSPC.intValue() && size < spec.maxEntries()) {
                // One bucket of the hash has more entries than the batch has room.
                size *= 2;
                continue;
            }
            if (failed != 0 && failed != Errno.ENOENT.intValue()) {
                throw Native.failure("read map " + name, failed, "");
            }
            reader.entries(keys, values, count.getInt(0));
            if (failed != 0) {
                return;
            }
            from = next;
        }
    }

    private static int errno(IntSupplier call) {
        try {
            Native.call("", call);
            return 0;
        } catch (KernelException e) {
            return e.errno();
        }
    }

    @Override
    public void close() {
        Bpf.close(fd);
    }
}
