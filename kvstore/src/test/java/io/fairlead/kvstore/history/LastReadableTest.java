package io.fairlead.kvstore.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LastReadableTest {
    private final MemoryKvStore store = new MemoryKvStore();
    private final LastReadable lastReadable =
            new LastReadable(store, entry -> entry.value().startsWith("good"));

    @AfterEach
    void close() {
        store.close();
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private long put(String key, String value) throws Exception {
        return get(store.commit(Txn.of(Op.put(key, value)))).revision();
    }

    /** What a reader that starts now is told, as "key=value". */
    private List<String> told() throws Exception {
        List<WatchEvent> listed = new ArrayList<>();
        for (KeyValue entry : get(store.list("")).entries()) {
            listed.add(new WatchEvent.Put(entry));
        }
        return get(lastReadable.before(listed)).stream()
                .map(event -> ((WatchEvent.Put) event).entry())
                .map(entry -> entry.key() + "=" + entry.value())
                .toList();
    }

    @Test
    void theLastReadableValueComesBeforeTheUnreadableOne() throws Exception {
        put("a", "good 1");
        put("a", "good 2");
        put("a", "bad 1");
        put("a", "bad 2");
        put("b", "good");
        put("c", "good");
        put("c", "bad");
        assertThat(told()).containsExactly("a=good 2", "a=bad 2", "b=good", "c=good", "c=bad");
    }

    @Test
    void whatWasDeletedDoesNotComeBack() throws Exception {
        put("a", "good");
        get(store.commit(Txn.of(new Op.Delete("a"))));
        put("a", "bad");
        assertThat(told()).containsExactly("a=bad");
    }

    @Test
    void whatWasCompactedAwayIsNotFound() throws Exception {
        put("a", "good");
        store.compact(put("a", "bad"));
        assertThat(told()).containsExactly("a=bad");
    }

    @Test
    void aStoreThatDoesNotAnswerIsAskedAgain() throws Exception {
        put("a", "good");
        KeyValue bad = new KeyValue("a", "bad", 2, put("a", "bad"), 0);
        store.failNext(3);
        assertThat(get(lastReadable.before(List.of(new WatchEvent.Put(bad))))).hasSize(2);
    }
}
