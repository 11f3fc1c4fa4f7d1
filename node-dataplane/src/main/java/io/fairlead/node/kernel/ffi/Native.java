package io.fairlead.node.kernel.ffi;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import java.util.Map;
import java.util.function.IntSupplier;
import jnr.constants.platform.Errno;
import jnr.ffi.LibraryLoader;
import jnr.ffi.LibraryOption;
import jnr.ffi.Runtime;

/** Loads C libraries and reads errno; nothing else does either. */
public final class Native {
    private static final Runtime RUNTIME = Runtime.getSystemRuntime();

    private Native() {}

    /** The runtime that native memory is allocated from. */
    public static Runtime runtime() {
        return RUNTIME;
    }

    /** Binds an interface of C functions to a library, by its file name such as "libbpf.so.1", or "c". */
    public static <T> T load(Class<T> functions, String library) {
        return LibraryLoader.loadLibrary(
                functions, Map.<LibraryOption, Object>of(LibraryOption.LoadNow, true), library);
    }

    /**
     * Calls a C function that returns -1 and sets errno when it fails, again while a signal interrupts it.
     *
     * @param attempt what the call is for, in the exception
     * @return what it returned, never negative
     * @throws KernelException with errno
     */
    public static int call(String attempt, IntSupplier function) {
        while (true) {
            int result = function.getAsInt();
            if (result >= 0) {
                return result;
            }
            int errno = RUNTIME.getLastError();
            if (errno != Errno.EINTR.intValue()) {
                throw failure(attempt, errno, "");
            }
        }
    }

    /**
     * The exception for an error number.
     *
     * @param errno positive
     * @param detail what the kernel said beyond the number, empty for nothing
     */
    public static KernelException failure(String attempt, int errno, String detail) {
        Errno name = Errno.valueOf(errno);
        String reason = name.name() + " (" + (detail.isEmpty() ? name.toString() : detail) + ")";
        return new KernelException(attempt, errno, reason, kind(name));
    }

    private static FailureKind kind(Errno errno) {
        return switch (errno) {
            case EAGAIN, EBUSY, ENOMEM, ENOBUFS, EINTR -> FailureKind.RETRY;
            case ENOENT, ESRCH, EEXIST, ENODEV, ENETUNREACH, ENETDOWN -> FailureKind.RESYNC;
            default -> FailureKind.GIVE_UP;
        };
    }
}
