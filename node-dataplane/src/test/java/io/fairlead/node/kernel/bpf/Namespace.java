package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.ffi.Native;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** A network namespace of a test; removed when it is closed. */
final class Namespace implements AutoCloseable {
    private static final C LIBC = Native.load(C.class, "c");
    private static final int CLONE_NEWNET = 0x40000000;
    private final String name;

    /** How a thread changes namespace. */
    public interface C {
        int open(String path, int flags);

        int setns(int fd, int kind);

        int close(int fd);
    }

    Namespace(String purpose) {
        name = "fl-t" + Long.toHexString(System.nanoTime() & 0xffffff) + purpose;
        sh("ip netns add " + name);
    }

    String name() {
        return name;
    }

    /** Runs a command of the shell in the namespace; its output. */
    String in(String command) {
        return execute(List.of("nsenter", "--net=/run/netns/" + name, "sh", "-ec", command));
    }

    static String sh(String command) {
        return execute(List.of("sh", "-ec", command));
    }

    /** Runs on a thread of its own that is in the namespace, and dies afterwards. */
    <T> T run(Callable<T> action) {
        FutureTask<T> task = new FutureTask<>(() -> {
            int fd = Native.call("open " + name, () -> LIBC.open("/run/netns/" + name, 0));
            Native.call("setns " + name, () -> LIBC.setns(fd, CLONE_NEWNET));
            LIBC.close(fd);
            return action.call();
        });
        new Thread(task, name).start();
        try {
            return task.get(50, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    int ifindex(String device) {
        return Integer.parseInt(
                in("ip -o link show dev " + device + " | cut -d: -f1").strip());
    }

    String mac(String device) {
        return in("ip -br link show dev " + device + " | awk '{print $3}'").strip();
    }

    @Override
    public void close() {
        sh("ip netns del " + name);
    }

    /** A bpffs of its own in a new directory. */
    static Path mountBpf() {
        try {
            Path directory = Files.createTempDirectory("fl-bpf");
            sh("mount -t bpf bpf " + directory);
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void unmount(Path directory) {
        sh("umount " + directory + " && rmdir " + directory);
    }

    private static String execute(List<String> command) {
        try {
            Process process = new ProcessBuilder(new ArrayList<>(command))
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            if (code != 0) {
                throw new AssertionError(command + " exited with " + code + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
