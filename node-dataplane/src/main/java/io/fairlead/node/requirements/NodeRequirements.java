package io.fairlead.node.requirements;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks a node, all of it at once, so that a person mends everything in one go.
 *
 * <p>Reads the files the kernel shows; a root directory can be given in their place.
 */
public final class NodeRequirements {
    /** First kernel with tcx links, which programs are attached by. */
    static final int[] MINIMUM_KERNEL = {6, 6};

    private static final int CAP_NET_ADMIN = 12;
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_PERFMON = 38;
    private static final int CAP_BPF = 39;

    private final Path root;
    private final Path bpfRoot;
    private final Path stateDir;

    /**
     * @param root where proc and sys are looked for: "/"
     * @param bpfRoot where maps and links are to be pinned
     * @param stateDir where the agent keeps its files
     */
    public NodeRequirements(Path root, Path bpfRoot, Path stateDir) {
        this.root = root;
        this.bpfRoot = bpfRoot;
        this.stateDir = stateDir;
    }

    /** Everything the node lacks; nothing when it has all. */
    public List<Requirement> missing() {
        List<Requirement> missing = new ArrayList<>();
        kernel().ifPresent(missing::add);
        capabilities().ifPresent(missing::add);
        btf().ifPresent(missing::add);
        jit().ifPresent(missing::add);
        bpffs().ifPresent(missing::add);
        libbpf().ifPresent(missing::add);
        state().ifPresent(missing::add);
        return missing;
    }

    private Optional<Requirement> kernel() {
        String release = read("proc/sys/kernel/osrelease");
        Matcher version = Pattern.compile("^(\\d+)\\.(\\d+)").matcher(release);
        if (version.find()) {
            int major = Integer.parseInt(version.group(1));
            int minor = Integer.parseInt(version.group(2));
            if (major > MINIMUM_KERNEL[0] || (major == MINIMUM_KERNEL[0] && minor >= MINIMUM_KERNEL[1])) {
                return Optional.empty();
            }
        }
        return Optional.of(new Requirement(
                "kernel", "\"" + release + "\" (expected: 6.6 or newer)", "boot a kernel 6.6 or newer (tcx links)"));
    }

    private Optional<Requirement> capabilities() {
        Matcher line = Pattern.compile("CapEff:\\s*([0-9a-f]+)").matcher(read("proc/self/status"));
        long held = line.find() ? Long.parseUnsignedLong(line.group(1), 16) : 0;
        boolean bpf = has(held, CAP_SYS_ADMIN) || (has(held, CAP_BPF) && has(held, CAP_PERFMON));
        if (has(held, CAP_NET_ADMIN) && bpf) {
            return Optional.empty();
        }
        return Optional.of(new Requirement(
                "capabilities",
                "0x" + Long.toHexString(held) + " (expected: NET_ADMIN, and SYS_ADMIN or BPF with PERFMON)",
                "run the agent as root, or give the container these capabilities"));
    }

    private static boolean has(long held, int capability) {
        return (held >>> capability & 1) == 1;
    }

    private Optional<Requirement> btf() {
        if (Files.isReadable(root.resolve("sys/kernel/btf/vmlinux"))) {
            return Optional.empty();
        }
        return Optional.of(new Requirement(
                "BTF",
                "/sys/kernel/btf/vmlinux cannot be read (expected: the kernel's type information)",
                "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y"));
    }

    private Optional<Requirement> jit() {
        String enabled = read("proc/sys/net/core/bpf_jit_enable");
        // a network namespace of its own may not show the setting: then the machine's holds
        if (enabled.isEmpty() || !enabled.equals("0")) {
            return Optional.empty();
        }
        return Optional.of(new Requirement(
                "BPF JIT", "net.core.bpf_jit_enable is 0 (expected: 1)", "sysctl -w net.core.bpf_jit_enable=1"));
    }

    private Optional<Requirement> bpffs() {
        Path wanted = bpfRoot.toAbsolutePath().normalize();
        boolean mounted = read("proc/self/mountinfo").lines().anyMatch(line -> {
            int separator = line.indexOf(" - ");
            List<String> fields = List.of(line.split(" ", -1));
            return separator >= 0
                    && line.startsWith("bpf ", separator + 3)
                    && fields.size() > 4
                    && wanted.startsWith(Path.of(fields.get(4)));
        });
        if (mounted) {
            return Optional.empty();
        }
        return Optional.of(new Requirement(
                "bpffs",
                wanted + " is on no BPF file system (expected: a mount of type bpf, so that pins outlive the agent)",
                "mkdir -p " + wanted + " && mount -t bpf bpf " + wanted));
    }

    private static Optional<Requirement> libbpf() {
        boolean found = List.of("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib").stream()
                .map(Path::of)
                .anyMatch(NodeRequirements::holdsLibbpf);
        if (found) {
            return Optional.empty();
        }
        return Optional.of(new Requirement(
                "libbpf", "libbpf.so.1 was not found (expected: libbpf 1.x)", "apt-get install libbpf1"));
    }

    private static boolean holdsLibbpf(Path directory) {
        try (var files = Files.find(directory, 2, (path, attributes) -> path.endsWith("libbpf.so.1"))) {
            return files.findAny().isPresent();
        } catch (IOException | java.io.UncheckedIOException e) {
            return false;
        }
    }

    private Optional<Requirement> state() {
        try {
            Files.createDirectories(stateDir);
            Path probe = Files.createTempFile(stateDir, ".probe", "");
            Files.delete(probe);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(new Requirement(
                    "state directory",
                    stateDir + " cannot be written (" + e.getMessage() + ")",
                    "create it and let the agent write there, or name another with --state-dir"));
        }
    }

    private String read(String path) {
        try {
            return Files.readString(root.resolve(path)).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
