package io.fairlead.events.publish;

import static io.fairlead.events.publish.Replica.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.contract.events.EventRecord;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.memory.MemoryKvStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateLaneTest {
    private static final String PREFIX = StoreKeys.DEFAULT.identitiesById();
    private static final long MAX = 1 << 20;

    private final MemoryKvStore store = new MemoryKvStore();
    private final FakeBroker broker = new FakeBroker();
    private final List<Replica> replicas = new ArrayList<>();
    private final List<KvStore> clients = new ArrayList<>();
    private final Map<String, String> model = new HashMap<>();

    @TempDir
    private Path directory;

    @AfterEach
    void stop() {
        replicas.forEach(Replica::stop);
        clients.forEach(KvStore::close);
        store.close();
    }

    private Replica replica(String name, long max) {
        MemoryKvStore client = store.sibling();
        clients.add(client);
        Replica replica = new Replica(client, broker, directory.resolve(name), max);
        replicas.add(replica);
        return replica;
    }

    private void stop(Replica replica) {
        replicas.remove(replica);
        replica.stop();
    }

    private long put(int id, String label) {
        model.put("identity/" + id, label);
        return commit(Op.put(PREFIX + id, "k8s:app=" + label + ";"));
    }

    private long delete(int id) {
        model.remove("identity/" + id);
        return commit(new Op.Delete(PREFIX + id));
    }

    private long commit(Op op) {
        try {
            TxnResult result = store.commit(Txn.of(op))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(5, TimeUnit.SECONDS);
            return result.revision();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean told() {
        Map<String, String> state = new HashMap<>();
        broker.state()
                .forEach((key, record) -> state.put(
                        key, record.detail().path("labels").path(0).asText().replace("k8s:app=", "")));
        return state.equals(model);
    }

    @Test
    void tellsWhatHappensInOrderWithRevisions() throws Exception {
        long created = put(1001, "web");
        Replica replica = replica("a", MAX);
        until("listed", this::told);
        long changed = put(1001, "db");
        put(1002, "web");
        long gone = delete(1001);
        until("all", () -> broker.records().size() == 4);
        List<EventRecord> one = broker.records().stream()
                .filter(record -> record.key().equals("identity/1001"))
                .toList();
        assertThat(one).extracting(EventRecord::type).containsExactly("created", "changed", "deleted");
        assertThat(one).extracting(record -> record.origin().revision()).containsExactly(created, changed, gone);
        assertThat(one).extracting(EventRecord::resync).containsExactly(true, false, false);
        assertThat(one.get(0).cluster()).isEqualTo("default");
        assertThat(one.get(0).detail().path("identity").asInt()).isEqualTo(1001);
        until("nothing waits", () -> replica.records() == 0);
        assertThat(replica.errors()).isZero();
        assertThat(replica.lane.text()).isEqualTo("identities: sending, 0 waiting");
    }

    @Test
    void aRestartTellsOnlyWhatWasMissed() throws Exception {
        put(1, "a");
        put(2, "b");
        put(3, "c");
        Replica first = replica("a", MAX);
        until("listed", this::told);
        stop(first);
        int before = broker.records().size();
        delete(2);
        put(3, "d");
        put(4, "e");
        replica("a", MAX);
        until("caught up", this::told);
        List<EventRecord> missed =
                broker.records().subList(before, broker.records().size());
        assertThat(missed)
                .extracting(record -> record.key() + " " + record.type() + " " + record.resync())
                .containsExactlyInAnyOrder(
                        "identity/2 deleted true", "identity/3 changed true", "identity/4 created true");
    }

    @Test
    void aNewReplicaWithoutDiskLearnsFromTheTopicWhatToTakeBack() throws Exception {
        put(1, "a");
        put(2, "b");
        Replica first = replica("a", MAX);
        until("listed", this::told);
        stop(first);
        int before = broker.records().size();
        delete(1);
        replica("b", MAX);
        until("taken back", this::told);
        assertThat(broker.records().subList(before, broker.records().size()))
                .extracting(record -> record.key() + " " + record.type())
                .containsExactly("identity/1 deleted");
    }

    @Test
    void anHourWithoutBrokerLosesNothingAndStaysBounded() throws Exception {
        long max = 1 << 17;
        Replica replica = replica("a", max);
        put(1, "first");
        until("told", this::told);
        broker.away(true);
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            int id = 1 + random.nextInt(200);
            if (random.nextInt(4) == 0) {
                delete(id);
            } else {
                put(id, "v" + i);
            }
        }
        until("written", () -> replica.records() > 0);
        Path outbox = directory.resolve("a");
        long bytes;
        try (var files = Files.walk(outbox)) {
            bytes = files.filter(path -> path.toString().endsWith(".log"))
                    .mapToLong(path -> path.toFile().length())
                    .sum();
        }
        assertThat(bytes).isLessThanOrEqualTo(max);
        assertThat(replica.lane.text()).contains("broker away");
        broker.away(false);
        until("all told", this::told);
        until("nothing waits", () -> replica.records() == 0);
    }

    @Test
    void moreEntitiesThanTheOutboxTakesComeInParts() throws Exception {
        broker.away(true);
        Replica replica = replica("a", 1 << 16);
        broker.away(false);
        put(1, "x");
        until("first", this::told);
        broker.away(true);
        for (int i = 0; i < 2000; i++) {
            put(1000 + i, "v" + i);
        }
        until("full", () -> replica.lane.text().contains("events-outbox-max"));
        delete(1500);
        put(1501, "newer");
        broker.away(false);
        until("all told", this::told);
        until("well", () -> replica.lane.text().endsWith("0 waiting"));
    }

    @Test
    void anotherReplicaTakesOverWhatTheFirstHadNotSent() throws Exception {
        Replica first = replica("a", MAX);
        Replica second = replica("b", MAX);
        put(1, "a");
        put(2, "b");
        until("told", this::told);
        until("the second forgot what was sent", () -> second.records() == 0 && first.records() == 0);
        int before = broker.records().size();
        broker.away(true);
        delete(1);
        put(3, "c");
        Replica leader = first.lane.text().contains("sending") ? first : second;
        // as kill -9: connection and lease are gone, nothing is handed over
        clients.get(leader == first ? 0 : 1).close();
        broker.away(false);
        put(4, "d");
        until("taken over", this::told);
        assertThat(broker.records().subList(before, broker.records().size()))
                .filteredOn(EventRecord::isDelete)
                .extracting(EventRecord::resync)
                .as("from its own outbox, as it happened")
                .containsOnly(false);
    }

    @Test
    void failuresInBetweenRepeatButLoseNothing() throws Exception {
        replica("a", MAX);
        broker.failEvery(37);
        for (int i = 0; i < 500; i++) {
            put(1 + i % 40, "v" + i);
        }
        until("told", this::told);
        Map<String, Long> newest = new HashMap<>();
        broker.records()
                .forEach(record -> newest.merge(record.key(), record.origin().revision(), Long::max));
        broker.last()
                .forEach((key, record) -> assertThat(record.origin().revision()).isEqualTo(newest.get(key)));
    }

    @Test
    void aStorePutBackToAnOlderStateHasAnotherEpoch() throws Exception {
        put(1, "a");
        Replica first = replica("a", MAX);
        until("told", this::told);
        String epoch = broker.records().get(0).origin().epoch();
        for (int i = 0; i < 30; i++) {
            put(2, "b" + i);
        }
        until("told", this::told);
        stop(first);
        MemoryKvStore older = new MemoryKvStore();
        clients.add(older);
        older.commit(Txn.when(new Condition.Missing("x"))
                .then(
                        Op.put("fairlead/store-epoch", epoch.substring(0, epoch.indexOf('.'))),
                        Op.put(PREFIX + 1, "k8s:app=z;")));
        Replica second = new Replica(older, broker, directory.resolve("a"), MAX);
        replicas.add(second);
        model.clear();
        model.put("identity/1", "z");
        until("told anew", this::told);
        String name = epoch.substring(0, epoch.indexOf('.'));
        String again = broker.last().get("identity/1").origin().epoch();
        assertThat(again).startsWith(name + ".").isNotEqualTo(epoch);
    }

    @Test
    void aRestoredStoreIsToldAnewEvenWhereNothingDiffers() throws Exception {
        put(1, "same");
        put(2, "lost");
        put(3, "other");
        Replica first = replica("a", MAX);
        until("told", this::told);
        String epoch = broker.records().get(0).origin().epoch();
        stop(first);
        int before = broker.records().size();
        MemoryKvStore restored = new MemoryKvStore();
        clients.add(restored);
        restored.commit(Txn.of(
                Op.put("fairlead/store-epoch", epoch.substring(0, epoch.indexOf('.'))),
                Op.put(PREFIX + 1, "k8s:app=same;"),
                Op.put(PREFIX + 3, "k8s:app=changed;")));
        replicas.add(new Replica(restored, broker, directory.resolve("a"), MAX));
        model.clear();
        model.put("identity/1", "same");
        model.put("identity/3", "changed");
        until("told anew", () -> told() && broker.records().size() == before + 3);
        List<EventRecord> anew = broker.records().subList(before, before + 3);
        assertThat(anew)
                .extracting(record -> record.key() + " " + record.type() + " " + record.resync())
                .containsExactlyInAnyOrder(
                        "identity/1 changed true", "identity/2 deleted true", "identity/3 changed true");
        assertThat(anew).extracting(record -> record.origin().epoch()).doesNotContain(epoch);
    }

    @Test
    void anUnreadableEntryIsNeitherToldNorTakenBack() throws Exception {
        put(1, "a");
        Replica first = replica("a", MAX);
        until("told", this::told);
        commit(Op.put(PREFIX + 1, "no labels"));
        commit(Op.put(PREFIX + "x1", "no number"));
        put(2, "b");
        until("told", this::told);
        assertThat(first.errors()).isEqualTo(1);
        stop(first);
        replica("a", MAX);
        put(3, "c");
        until("told", this::told);
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsSaidAndTriedAgain() throws Exception {
        Path blocked = Files.writeString(directory.resolve("a"), "a file");
        put(1, "a");
        Replica replica = replica("a", MAX);
        until("said", () -> replica.lane.text().contains("(expected: a directory that can be written"));
        Files.delete(blocked);
        until("told", this::told);
        until("well again", () -> replica.lane.text().equals("identities: sending, 0 waiting"));
    }
}
