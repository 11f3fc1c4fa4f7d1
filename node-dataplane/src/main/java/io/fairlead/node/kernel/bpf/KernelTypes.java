package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.bpf.Btf.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Layouts and numbers of the bpf system call, as the running kernel has them: /sys/kernel/btf/vmlinux, which anyone may
 * read.
 */
record KernelTypes(
        StructCodec attributes,
        StructCodec context,
        StructCodec mapInfo,
        StructCodec programInfo,
        StructCodec linkInfo,
        Map<String, Integer> numbers) {
    private static final Path VMLINUX = Path.of("/sys/kernel/btf/vmlinux");

    /** Read once: the kernel does not change while we run. */
    private static final class Running {
        private static final KernelTypes TYPES = read();
    }

    static KernelTypes running() {
        return Running.TYPES;
    }

    /** Number of a constant of the enums bpf_cmd, bpf_attach_type, bpf_link_type. */
    int number(String name) {
        Integer number = numbers.get(name);
        if (number == null) {
            throw new IllegalStateException("kernel: no " + name + " (expected: Linux 6.6 or newer)");
        }
        return number;
    }

    private static KernelTypes read() {
        try {
            Btf btf = new Btf(Files.readAllBytes(VMLINUX));
            Map<String, Integer> numbers = new HashMap<>();
            for (String name : new String[] {"bpf_cmd", "bpf_attach_type", "bpf_link_type"}) {
                btf.find(Kind.ENUM, name).ifPresent(id -> numbers.putAll(btf.values(id)));
            }
            return new KernelTypes(
                    StructCodec.named(btf, "bpf_attr"),
                    StructCodec.named(btf, "__sk_buff"),
                    StructCodec.named(btf, "bpf_map_info"),
                    StructCodec.named(btf, "bpf_prog_info"),
                    StructCodec.named(btf, "bpf_link_info"),
                    Map.copyOf(numbers));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    new IOException(VMLINUX + ": " + e.getMessage() + " (expected: a kernel with BTF)", e));
        }
    }
}
