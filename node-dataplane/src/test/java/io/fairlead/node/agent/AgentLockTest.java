package io.fairlead.node.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentLockTest {
    @Test
    void theNextAgentGetsItOnceTheFirstHasStopped(@TempDir Path directory) throws Exception {
        try (AgentLock first = AgentLock.take(directory)) {
            assertThat(first).isNotNull();
            assertThat(lockedElsewhere(directory))
                    .as("as another process sees it")
                    .isTrue();
        }
        assertThat(lockedElsewhere(directory)).isFalse();
    }

    private static boolean lockedElsewhere(Path directory) throws Exception {
        // flock(1) takes another kind of lock: fcntl's shows in /proc/locks by inode
        Object inode = java.nio.file.Files.getAttribute(directory.resolve("agent.lock"), "unix:ino");
        return java.nio.file.Files.readString(Path.of("/proc/locks")).contains(":" + inode + " ");
    }
}
