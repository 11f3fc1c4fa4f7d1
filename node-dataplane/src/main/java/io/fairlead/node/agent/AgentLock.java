package io.fairlead.node.agent;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** One agent a node: two would take each other's programs and pods away. The kernel frees the lock when a process dies. */
final class AgentLock implements AutoCloseable {
    private final FileChannel file;

    private AgentLock(FileChannel file) {
        this.file = file;
    }

    /**
     * Takes the lock.
     *
     * @param stateDir of the agent, which exists
     * @throws IllegalStateException when another agent has it
     */
    static AgentLock take(Path stateDir) throws IOException {
        Path path = stateDir.resolve("agent.lock");
        FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = file.tryLock();
        if (lock == null) {
            file.close();
            throw new IllegalStateException(
                    "state-dir: " + stateDir + " is used by another agent that runs (expected: one agent a node)");
        }
        return new AgentLock(file);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
