package io.fairlead.node.requirements;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeRequirementsTest {
    @TempDir
    Path root;

    @Test
    void everyFailureIsSaidAtOnceWithItsFix() throws IOException {
        write("proc/sys/kernel/osrelease", "5.15.8-1.el7\n");
        write("proc/self/status", "Name:\tjava\nCapEff:\t0000000000000000\n");
        write("proc/sys/net/core/bpf_jit_enable", "0\n");
        write("proc/self/mountinfo", "24 1 0:22 / /sys rw - sysfs sysfs rw\n");

        var missing = new NodeRequirements(root, Path.of("/sys/fs/bpf/x"), root.resolve("state")).missing();

        assertThat(missing).extracting(Requirement::name).contains("kernel", "capabilities", "BTF", "BPF JIT", "bpffs");
        assertThat(missing).allSatisfy(requirement -> {
            assertThat(requirement.problem()).contains("expected");
            assertThat(requirement.fix()).isNotEmpty();
        });
        assertThat(missing.get(0).problem()).contains("5.15.8-1.el7").contains("6.6");
    }

    @Test
    void aNodeThatHasAllLacksNothing() throws IOException {
        write("proc/sys/kernel/osrelease", "6.18.44\n");
        write("proc/self/status", "CapEff:\t000001fffeffffff\n");
        write("proc/sys/net/core/bpf_jit_enable", "1\n");
        write("sys/kernel/btf/vmlinux", "x");
        write("proc/self/mountinfo", "31 24 0:26 / /run/fl/bpf rw,relatime shared:9 - bpf bpf rw\n");

        assertThat(new NodeRequirements(root, Path.of("/run/fl/bpf/dev1"), root.resolve("state")).missing())
                .isEmpty();
    }

    @Test
    void aKernelThatSaysNothingReadableIsNamed() throws IOException {
        write("proc/sys/kernel/osrelease", "???\n");

        assertThat(new NodeRequirements(root, Path.of("/b"), root.resolve("state"))
                        .missing()
                        .get(0)
                        .problem())
                .contains("???");
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }
}
