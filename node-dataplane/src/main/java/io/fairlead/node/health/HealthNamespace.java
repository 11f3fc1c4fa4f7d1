package io.fairlead.node.health;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.NodeName;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.ffi.Native;
import io.fairlead.node.kernel.netlink.NetNs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The network namespace of the health endpoint: a file under /run/netns as {@code ip netns} makes them. It outlives the
 * agent; whoever comes next takes it on.
 *
 * @param file where it is
 */
record HealthNamespace(Path file) {
    /** Where {@code ip netns} keeps namespaces. */
    static final Path DIRECTORY = Path.of("/run/netns");

    private static final C LIBC = Native.load(C.class, "c");
    private static final int CLONE_NEWNET = 0x40000000;
    private static final long MS_BIND = 4096;
    private static final int MNT_DETACH = 2;
    private static final int EINVAL = 22;
    private static final int LONGEST_NODE = 40;

    /** Functions of the C library that nothing else needs. */
    @SuppressWarnings("MemberName")
    public interface C {
        int unshare(int flags);

        int mount(String source, String target, String type, long flags, @Nullable String data);

        int umount2(String target, int flags);
    }

    /** The one of this node and agent: several agents may run on one machine, each with a state directory of its own. */
    static HealthNamespace of(NodeName node, Path stateDirectory) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest(stateDirectory.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8));
            String name = node.value()
                    .substring(0, Math.min(LONGEST_NODE, node.value().length()));
            return new HealthNamespace(
                    DIRECTORY.resolve("fl-health-" + name + "-" + HexFormat.of().formatHex(hash, 0, 4)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Whether it is there and is a namespace. */
    boolean exists() {
        if (!Files.exists(file)) {
            return false;
        }
        try {
            return NetNs.run(file.toString(), () -> true);
        } catch (KernelException e) {
            if (e.errno() == EINVAL) {
                return false; // a file, but no namespace
            }
            throw e;
        }
    }

    /**
     * Makes it; it must not be there. What an agent that died half-way left is no hindrance.
     *
     * @throws KernelException when the kernel refuses
     */
    void create() {
        try {
            Files.createDirectories(file.resolveSibling("."));
            if (!Files.exists(file)) {
                Files.createFile(file);
            }
        } catch (IOException e) {
            throw new KernelException("create " + file, 0, String.valueOf(e.getMessage()), FailureKind.RETRY);
        }
        CompletableFuture<Void> made = new CompletableFuture<>();
        // A namespace belongs to a thread: this one ends when its namespace has a name.
        Thread thread = new Thread(
                () -> {
                    try {
                        Native.call("new network namespace", () -> LIBC.unshare(CLONE_NEWNET));
                        Native.call(
                                "bind network namespace to " + file,
                                () -> LIBC.mount("/proc/thread-self/ns/net", file.toString(), "none", MS_BIND, null));
                        made.complete(null);
                    } catch (RuntimeException e) {
                        made.completeExceptionally(e);
                    }
                },
                "health-netns");
        thread.setDaemon(true);
        thread.start();
        try {
            made.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Removes it; one that is not there is no failure. */
    void remove() {
        if (!Files.exists(file)) {
            return;
        }
        if (exists()) {
            Native.call("unmount " + file, () -> LIBC.umount2(file.toString(), MNT_DETACH));
        }
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new KernelException("remove " + file, 0, String.valueOf(e.getMessage()), FailureKind.RETRY);
        }
    }
}
