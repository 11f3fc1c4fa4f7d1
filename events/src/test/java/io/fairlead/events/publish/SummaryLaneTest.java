package io.fairlead.events.publish;

import static io.fairlead.events.publish.Replica.until;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fairlead.contract.events.EventKind;
import io.fairlead.contract.events.EventRecord;
import io.fairlead.events.source.Summary;
import io.fairlead.events.source.SummarySource;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryLaneTest {
    @TempDir
    private Path directory;

    @Test
    void oneReplicaAloneTellsAndWhatWasWrittenSurvivesTheBrokersAbsence() throws Exception {
        FakeBroker broker = new FakeBroker();
        AtomicLong asked = new AtomicLong();
        SummarySource source = new SummarySource(
                EventKind.CONVERGENCE,
                true,
                Duration.ofMillis(20),
                () -> Future.succeededFuture(List.of(new Summary(
                        "default",
                        asked.incrementAndGet(),
                        JsonNodeFactory.instance.objectNode().put("nodes", 3)))));
        try (MemoryKvStore store = new MemoryKvStore();
                Owner one = new Owner();
                Owner two = new Owner()) {
            Lane first = lane(one, broker, store, "a", source);
            Lane second = lane(two, broker, store, "b", source);
            until("told", () -> broker.records().size() > 3);
            broker.away(true);
            long from = asked.get();
            until("written", () -> asked.get() > from + 20);
            broker.away(false);
            until("told again", () -> broker.records().size() > 25);
            assertThat(broker.records())
                    .extracting(record -> record.origin().revision())
                    .doesNotHaveDuplicates()
                    .isSorted();
            EventRecord record = broker.records().get(0);
            assertThat(record.key()).isEqualTo("convergence/default");
            assertThat(record.detail().path("nodes").asInt()).isEqualTo(3);
            assertThat(List.of(first.text(), second.text()))
                    .filteredOn(text -> text.startsWith("convergence: sending"))
                    .hasSize(1);
            for (Lane lane : List.of(first, second)) {
                lane.stop().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
            }
        }
    }

    private Lane lane(Owner owner, FakeBroker broker, MemoryKvStore store, String name, SummarySource source) {
        LanePlace place = new LanePlace(
                owner,
                broker,
                new SimpleMeterRegistry(),
                "default",
                directory.resolve(name),
                1 << 20,
                Duration.ofSeconds(1));
        Lane lane = new SummaryLane(place, store.sibling(), source);
        lane.start();
        return lane;
    }
}
