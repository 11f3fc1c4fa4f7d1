package io.fairlead.events.publish;

import static io.fairlead.events.publish.Replica.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a file system that is too small. */
@Tag("root")
class FullDiskTest {
    @TempDir
    private Path directory;

    private static void shell(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(String.join(" ", command)).isZero();
    }

    @Test
    void eventsWaitInTheStoreUntilThereIsRoom() throws Exception {
        Path disk = Files.createDirectory(directory.resolve("disk"));
        shell("mount", "-t", "tmpfs", "-o", "size=512k", "fl-events", disk.toString());
        MemoryKvStore store = new MemoryKvStore();
        FakeBroker broker = new FakeBroker();
        Replica replica = new Replica(store.sibling(), broker, disk, 64 << 20);
        try {
            put(store, 1);
            until("told", () -> broker.state().size() == 1);
            broker.away(true);
            for (int id = 2; id <= 3000; id++) {
                put(store, id);
            }
            until("said", () -> replica.lane.text().contains("No space left on device"));
            put(store, 5000);
            broker.away(false);
            until("all told", () -> broker.state().size() == 3001);
            until("well again", () -> replica.lane.text().equals("identities: sending, 0 waiting"));
        } finally {
            replica.stop();
            store.close();
            shell("umount", disk.toString());
        }
    }

    private static void put(MemoryKvStore store, int id) throws Exception {
        store.commit(Txn.of(Op.put(StoreKeys.DEFAULT.identitiesById() + id, "k8s:n=" + id + ";")))
                .toCompletionStage()
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
    }
}
