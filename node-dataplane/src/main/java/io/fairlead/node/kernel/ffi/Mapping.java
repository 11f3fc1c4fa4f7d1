package io.fairlead.node.kernel.ffi;

import io.fairlead.node.kernel.KernelException;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Memory shared with the kernel: mmap of a descriptor, numbers in native byte order. Offsets are not checked: who reads
 * past the end ends the process. One thread at a time, and none after it was closed.
 */
public final class Mapping implements AutoCloseable {
    private static final C LIBC = Native.load(C.class, "c");
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int SC_PAGESIZE = 30;

    private final Pointer memory;
    private final long length;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** What is needed of the C library here. */
    public interface C {
        @Nullable
        Pointer mmap(@Nullable Pointer where, long length, int protection, int flags, int fd, long offset);

        int munmap(Pointer memory, long length);

        long sysconf(int name);
    }

    private Mapping(Pointer memory, long length) {
        this.memory = memory;
        this.length = length;
    }

    /**
     * Maps a part of what a descriptor stands for.
     *
     * @param attempt what it is for, in the exception
     * @param offset whole pages
     * @param writable whether it is written, too
     * @throws KernelException when the kernel refuses
     */
    public static Mapping of(String attempt, int fd, long offset, long length, boolean writable) {
        Pointer memory = Bpf.pointer(attempt, () -> {
            Pointer mapped =
                    LIBC.mmap(null, length, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, offset);
            // MAP_FAILED is -1
            return mapped == null || mapped.address() == -1 ? null : mapped;
        });
        return new Mapping(memory, length);
    }

    /** Bytes of a page. */
    public static int pageSize() {
        return (int) LIBC.sysconf(SC_PAGESIZE);
    }

    /** A number the kernel writes last: what it wrote before is seen after. */
    public long acquireLong(long offset) {
        long value = memory.getLong(offset);
        VarHandle.acquireFence();
        return value;
    }

    /** As acquireLong. */
    public int acquireInt(long offset) {
        int value = memory.getInt(offset);
        VarHandle.acquireFence();
        return value;
    }

    /** Writes a number after everything that was read before. */
    public void releaseLong(long offset, long value) {
        VarHandle.releaseFence();
        memory.putLong(offset, value);
    }

    /** Copies bytes to the front of an array. */
    public void read(long offset, byte[] into, int count) {
        memory.get(offset, into, 0, count);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            LIBC.munmap(memory, length);
        }
    }
}
