package io.fairlead.node.kernel.ffi;

import io.fairlead.node.kernel.KernelException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/** libbpf, the bpf system call for what libbpf 1.1 lacks, and what libbpf says while it works. */
public final class Bpf {
    /** The library. */
    public static final LibBpf LIB = Native.load(LibBpf.class, "libbpf.so.1");

    private static final C LIBC = Native.load(C.class, "c");
    private static final int LINE = 4096;

    private Bpf() {}

    /** What is needed of the C library here; va_list travels as a pointer on the platforms we run on. */
    @SuppressWarnings("MemberName")
    public interface C {
        int close(int fd);

        int syscall(long number, int command, ByteBuffer attributes, int size);

        int vsnprintf(ByteBuffer line, long size, Pointer format, Pointer arguments);
    }

    /** Closes a descriptor; one that is bad already is of no interest. */
    public static void close(int fd) {
        LIBC.close(fd);
    }

    /**
     * The bpf(2) system call.
     *
     * @param attempt what it is for, in the exception
     * @param attributes a union bpf_attr, used up to its capacity
     */
    public static int call(String attempt, int command, ByteBuffer attributes) {
        return Native.call(attempt, () -> LIBC.syscall(number(), command, attributes, attributes.capacity()));
    }

    /** The pointer a function of libbpf returned; NULL is a failure with errno. */
    public static Pointer pointer(String attempt, Supplier<@Nullable Pointer> function) {
        List<Pointer> result = new ArrayList<>(1);
        Native.call(attempt, () -> {
            Pointer pointer = function.get();
            if (pointer == null) {
                return -1;
            }
            result.add(pointer);
            return 0;
        });
        return result.get(0);
    }

    /** Address of a direct buffer's first byte, for fields of a struct that hold pointers. */
    public static long address(ByteBuffer buffer) {
        return Pointer.wrap(Native.runtime(), buffer).address();
    }

    /** A zeroed buffer in the order of this machine. */
    public static ByteBuffer buffer(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    /** A zero-based integer of its own. */
    public static ByteBuffer integer(int value) {
        return buffer(4).putInt(0, value);
    }

    /**
     * Runs an action; when it fails, what libbpf said meanwhile becomes part of the exception: the line that tells and
     * how many there were. libbpf has one printer a process, so one action runs at a time.
     */
    public static synchronized <T> T explained(String attempt, Supplier<T> action) {
        List<String> lines = new ArrayList<>();
        LibBpf.Print print = (level, format, arguments) -> {
            ByteBuffer line = buffer(LINE);
            LIBC.vsnprintf(line, LINE, format, arguments);
            lines.addAll(text(line).lines().filter(l -> !l.isBlank()).toList());
            return 0;
        };
        LIB.libbpf_set_print(print);
        try {
            return action.get();
        } catch (KernelException e) {
            throw e.errno() == 0 ? e : Native.failure(attempt, e.errno(), telling(lines));
        } finally {
            LIB.libbpf_set_print(null);
            Reference.reachabilityFence(print);
        }
    }

    /** The verifier's verdict stands before its statistics; else the last line that is not libbpf's own summary. */
    static String telling(List<String> lines) {
        if (lines.isEmpty()) {
            return "libbpf said nothing";
        }
        String told = lines.get(lines.size() - 1);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith("processed ") && i > 0) {
                told = lines.get(i - 1);
            } else if (line.contains("parameter mismatch")) {
                told = line;
            }
        }
        return told.strip() + " (one of " + lines.size() + " lines)";
    }

    private static String text(ByteBuffer line) {
        int length = 0;
        while (length < line.capacity() && line.get(length) != 0) {
            length++;
        }
        byte[] bytes = new byte[length];
        line.get(0, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static long number() {
        String arch = System.getProperty("os.arch");
        return switch (arch) {
            case "amd64" -> 321;
            case "aarch64" -> 280;
            default -> throw new IllegalStateException("os.arch: " + arch + " (expected: amd64 or aarch64)");
        };
    }
}
