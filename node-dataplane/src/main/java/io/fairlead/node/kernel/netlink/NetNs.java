package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.ffi.Native;
import java.io.Closeable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * An open network namespace. A namespace belongs to a thread, so whatever enters one runs on a thread made for it that
 * ends afterwards; no other thread ever changes its namespace.
 */
public final class NetNs implements Closeable {
    private static final int O_RDONLY = 0;
    private static final int O_CLOEXEC = 02000000;
    private static final int CLONE_NEWNET = 0x40000000;

    private final String path;
    private final int fd;

    private NetNs(String path, int fd) {
        this.path = path;
        this.fd = fd;
    }

    /**
     * Opens a namespace by the path of its file, such as /run/netns/x or /proc/PID/ns/net.
     *
     * @throws KernelException when there is no such file
     */
    public static NetNs open(String path) {
        int fd = Native.call(
                "open network namespace " + path + " (expected: a file such as /run/netns/NAME)",
                () -> Socket.LIBC.open(path, O_RDONLY | O_CLOEXEC));
        return new NetNs(path, fd);
    }

    /**
     * Runs an action in a namespace and waits for it.
     *
     * <p>The action must start no threads that outlive it: they would stay in the namespace. It sees the namespace's
     * /proc/sys/net, but not its /proc/net, which follows the process.
     *
     * @throws KernelException when the namespace cannot be entered
     */
    public static <T> T run(String path, Callable<T> action) {
        try (NetNs namespace = open(path)) {
            return namespace.run(action);
        }
    }

    /** Like {@link #run(String, Callable)}, in this namespace. */
    public <T> T run(Callable<T> action) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        Native.call("enter network namespace " + path, () -> Socket.LIBC.setns(fd, CLONE_NEWNET));
                        result.complete(action.call());
                    } catch (Exception e) {
                        result.completeExceptionally(e);
                    } catch (AssertionError e) {
                        result.completeExceptionally(e);
                    }
                },
                "netns");
        thread.setDaemon(true);
        thread.start();
        try {
            T value = result.join();
            thread.join();
            return value;
        } catch (CompletionException e) {
            throw unwrapped(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KernelException("network namespace " + path, 0, "interrupted", FailureKind.RETRY);
        }
    }

    /** The file descriptor, for attributes such as IFLA_NET_NS_FD. */
    public int fd() {
        return fd;
    }

    /** True when a path names a file at all; whether it is a namespace shows when it is entered. */
    public static boolean exists(String path) {
        return Files.exists(Path.of(path));
    }

    @Override
    public void close() {
        Native.call("close network namespace " + path, () -> Socket.LIBC.close(fd));
    }

    private RuntimeException unwrapped(CompletionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof RuntimeException failure) {
            return failure;
        }
        if (cause instanceof Error failure) {
            throw failure;
        }
        return new KernelException("in network namespace " + path, 0, String.valueOf(cause), FailureKind.GIVE_UP);
    }
}
