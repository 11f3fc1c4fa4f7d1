package io.fairlead.node.kernel.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.node.kernel.KernelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("root")
class NetNsTest {
    private final TestNetns other = new TestNetns();

    @AfterEach
    void remove() {
        other.close();
    }

    @Test
    void poolThreadsKeepTheirNamespaceOverAThousandCalls() throws Exception {
        String mine = namespace();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Callable<String>> calls = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                calls.add(() -> {
                    String inside = other.run(NetNsTest::namespace);
                    return inside.equals(mine) ? "never entered" : namespace();
                });
            }
            for (Future<String> after : pool.invokeAll(calls)) {
                assertThat(after.get()).isEqualTo(mine);
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(namespace()).isEqualTo(mine);
    }

    @Test
    void settingsAreThoseOfTheThreadsNamespace() throws Exception {
        other.addPair("only-there", "v1");
        Path settings = Path.of("/proc/sys/net/ipv4/conf/only-there/forwarding");
        assertThat(Files.exists(settings)).isFalse();
        assertThat(other.run(() -> Files.exists(settings))).isTrue();
    }

    @Test
    void aSocketStaysInTheNamespaceItWasMadeIn() {
        other.addPair("only-there", "v1");
        try (Netlink there = Netlink.inNamespace(other.path());
                Netlink here = Netlink.open()) {
            assertThat(there.link("only-there")).isPresent();
            assertThat(here.link("only-there")).isEmpty();
        }
    }

    @Test
    void aMissingNamespaceIsNamed() {
        assertThatThrownBy(() -> NetNs.run("/run/netns/fl-none", () -> 1))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("/run/netns/fl-none")
                .hasMessageContaining("ENOENT");
    }

    @Test
    void aFileThatIsNoNamespaceIsRefused() {
        assertThatThrownBy(() -> NetNs.run("/proc/self/status", () -> 1))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("EINVAL");
    }

    @Test
    void aFailureInsideComesOut() {
        assertThatThrownBy(() -> other.run(() -> {
                    throw new IllegalStateException("inside");
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("inside");
    }

    private static String namespace() throws java.io.IOException {
        return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    }
}
