package io.fairlead.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("etcd")
class BackupTest {
    private final EtcdProcess etcd = EtcdProcess.start();

    @TempDir
    private Path directory;

    @AfterEach
    void stop() {
        etcd.close();
    }

    @Test
    void aRestoredStoreHoldsWhatWasSavedAndSaysThatItsHistoryIsAnother() throws Exception {
        String before = put("fairlead/kept", "1");
        Path backup = directory.resolve("backup.db");
        assertThat(run("store-backup", backup.toString(), "--endpoints=" + etcd.endpoint())
                        .code())
                .isZero();
        put("fairlead/kept", "2");
        put("fairlead/lost", "x");

        etcd.kill9();
        delete(etcd.data());
        Result restored = run("store-restore", backup.toString(), etcd.data().toString());
        assertThat(restored.code()).as(restored.text()).isZero();
        etcd.restart();

        try (KvStore store = open()) {
            assertThat(get(store.get("fairlead/kept")).map(KeyValue::value)).contains("1");
            assertThat(get(store.get("fairlead/lost"))).isEmpty();
            assertThat(get(store.lineage())).isNotEqualTo(before);
        }
    }

    @Test
    void nothingIsOverwrittenAndBrokenBackupsAreRefused() throws Exception {
        Path mine = Files.writeString(directory.resolve("mine"), "mine");
        Result kept = run("store-backup", mine.toString(), "--endpoints=" + etcd.endpoint());
        assertThat(kept.code()).isEqualTo(1);
        assertThat(kept.text()).contains("is there already");
        assertThat(mine).hasContent("mine");

        Path data = directory.resolve("data");
        assertThat(run("store-restore", mine.toString(), data.toString()).code())
                .isNotZero();
        assertThat(run("store-restore", directory.resolve("nothing").toString(), data.toString())
                        .text())
                .contains("not readable");
        Result full = run("store-restore", mine.toString(), directory.toString());
        assertThat(full.text()).contains("is there already");
        assertThat(run("store-restore").code()).isEqualTo(2);

        Result nobody = run(
                "store-backup",
                directory.resolve("b").toString(),
                "--endpoints=127.0.0.1:1",
                "--dial-timeout=300ms",
                "--command-timeout=500ms");
        assertThat(nobody.code()).isNotZero();
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left.map(Path::getFileName).map(Path::toString))
                    .doesNotContain("b")
                    .noneMatch(n -> n.startsWith("b."));
        }
    }

    private String put(String key, String value) {
        try (KvStore store = open()) {
            get(store.commit(Txn.of(Op.put(key, value))));
            return get(store.lineage());
        }
    }

    private KvStore open() {
        return new EtcdKvStore(EtcdOptions.parse(etcd.endpoint()));
    }

    private static <T> T get(Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(20, TimeUnit.SECONDS)
                .join();
    }

    private record Result(int code, String text) {}

    private static Result run(String script, String... args) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(Path.of("bin", script).toAbsolutePath().toString()));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), text);
    }

    private static void delete(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
