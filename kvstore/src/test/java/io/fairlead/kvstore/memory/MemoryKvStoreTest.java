package io.fairlead.kvstore.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.KvStoreContract;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Recorder;
import io.fairlead.kvstore.Txn;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // a watch is open for its listener, nobody calls it
final class MemoryKvStoreTest extends KvStoreContract {
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
    private final MemoryKvStore writer = new MemoryKvStore();
    private final MemoryKvStore observer = writer.sibling();

    @AfterEach
    void close() {
        observer.close();
        writer.close();
    }

    @Override
    protected KvStore writer() {
        return writer;
    }

    @Override
    protected KvStore observer() {
        return observer;
    }

    @Override
    protected void cutOff() {
        observer.disconnect();
    }

    @Override
    protected void restore() {
        observer.reconnect();
    }

    @Override
    protected void compact(long revision) {
        writer.compact(revision);
    }

    @Override
    protected KvStore another() {
        return writer.sibling();
    }

    @Test
    void leasesRunOutByTheClockTheStoreWasGiven() {
        try (MemoryKvStore owner = new MemoryKvStore(now::get);
                MemoryKvStore other = owner.sibling()) {
            Lease lease = get(owner.grantLease(Duration.ofMinutes(15)));
            get(owner.commit(Txn.of(new Op.Put("a", "1", lease.id()))));
            now.set(now.get().plus(Duration.ofHours(1)));
            assertThat(get(other.get("a"))).isPresent();
            owner.disconnect();
            now.set(now.get().plus(Duration.ofHours(2)));
            get(lease.lost());
            assertThat(get(other.get("a"))).isEmpty();
        }
    }

    @Test
    void requestsFailAsToldWithAndWithoutEffect() {
        writer.failNext(1);
        assertThat(kindOf(writer.commit(Txn.of(Op.put("a", "1"))))).isEqualTo(FailureKind.RETRY);
        assertThat(get(writer.get("a"))).isEmpty();
        writer.loseNextAnswers(1);
        assertThat(kindOf(writer.commit(Txn.of(Op.put("a", "1"))))).isEqualTo(FailureKind.RETRY);
        assertThat(get(writer.get("a"))).isPresent();
    }

    @Test
    void compactionOfTheFutureOrTheCompactedIsRefused() {
        assertThatThrownBy(() -> writer.compact(100))
                .isInstanceOf(KvException.class)
                .hasMessage("compact revision: 100 (expected: 1 to 1)");
        put("a", "1");
        writer.compact(2);
        assertThatThrownBy(() -> writer.compact(2)).isInstanceOf(KvException.class);
    }

    @Test
    void switchesWorkInsideAListener() {
        Recorder seen = new Recorder();
        try (var watch = observer.watch(prefix, events -> {
            seen.onEvents(events);
            if (seen.replay().containsKey(prefix + "stop")) {
                observer.disconnect();
            }
        })) {
            seen.awaitSynced(1);
            put("stop", "now");
            put("after", "unseen");
            assertThat(seen.replay()).containsOnlyKeys(prefix + "stop");
        }
    }
}
