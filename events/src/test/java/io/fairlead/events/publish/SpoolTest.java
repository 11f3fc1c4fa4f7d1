package io.fairlead.events.publish;

import static io.fairlead.events.publish.Replica.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.events.EventKind;
import io.fairlead.events.outbox.Entry.Fact;
import io.fairlead.events.outbox.Outbox;
import io.fairlead.events.outbox.OutboxException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
    @TempDir
    private Path directory;

    @Test
    void whatIsToldWhileItIsBrokenIsForgottenWhenItIsWholeAgain() throws Exception {
        try (Owner owner = new Owner()) {
            Meters meters = new Meters(new SimpleMeterRegistry(), EventKind.IDENTITY);
            Spool spool = new Spool(owner, directory, 1 << 20, meters);
            AtomicInteger whole = new AtomicInteger();
            done(owner, () -> spool.start(() -> {}, whole::incrementAndGet, () -> {}));
            done(owner, () -> {
                for (int i = 1; i <= 10; i++) {
                    spool.append("identity/" + i, "{}", new Fact("e", i, i, false), i);
                }
            });
            done(owner, () -> assertThat(spool.read(0, 20, 1 << 20)).hasSize(10));
            done(owner, () -> {
                // somebody else's failure will do: it has the directory
                spool.failed(catchThrowableOfType(OutboxException.class, () -> Outbox.open(directory, 1 << 20)));
                spool.trim(10);
            });
            until("whole again", () -> whole.get() == 2);
            long[] records = {-1};
            done(owner, () -> records[0] = spool.outbox().map(Outbox::records).orElse(-1L));
            assertThat(records[0]).isZero();
            done(owner, spool::close);
        }
    }

    private static void done(Owner owner, Runnable action) throws Exception {
        owner.call(action).toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
