package io.fairlead.identity.allocation;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.identity.allocation.IdentityException.Reason;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.kvstore.metered.MeteredKvStore;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdentityAllocatorTest {
    private static final String IDS = "cilium/state/identities/v1/id/";
    private static final String VALUES = "cilium/state/identities/v1/value/";
    private static final String LABELS = "fairlead/identity/v1/labels/";

    private final List<Replica> replicas = new ArrayList<>();
    private Vertx vertx;
    private MemoryKvStore store;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        store = new MemoryKvStore();
    }

    @AfterEach
    void stop() {
        replicas.forEach(Replica::close);
        store.close();
        await(vertx.close());
    }

    @Test
    void theSameLabelsHaveTheSameNumberOnEveryReplicaAndNode() {
        IdentityId first = replica().allocate("dev1", "k8s:app=web", "k8s:team=a");
        assertThat(first.value()).isBetween(256, 65535);
        assertThat(replica().allocate("dev2", "k8s:team=a", "k8s:app=web")).isEqualTo(first);
        assertThat(replica().allocate("dev2", "k8s:app=db")).isNotEqualTo(first);
    }

    @Test
    void aNewSetCostsOneRoundTripAndSoDoesAKnownOne() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        Replica replica = new Replica(new MeteredKvStore(store, registry), vertx);
        IdentityId id = replica.allocate("dev1", "k8s:app=web");
        assertThat(requests(registry)).isEqualTo(1);
        eventually(() -> replica.known.labels(id).isPresent());
        assertThat(replica.allocate("dev2", "k8s:app=web")).isEqualTo(id);
        assertThat(requests(registry)).isEqualTo(2);
        replica.known.close();
    }

    private static long requests(SimpleMeterRegistry registry) {
        return registry.get("fairlead.kvstore.operations.duration").timers().stream()
                .mapToLong(Timer::count)
                .sum();
    }

    @Test
    void labelsThatDoNotCountMakeNoNumberOfTheirOwn() {
        Replica replica = replica();
        Allocated allocated = await(replica.start("dev1", "k8s:app=web", "k8s:pod-template-hash=abc"));
        assertThat(allocated.labels().texts()).containsExactly("k8s:app=web");
        assertThat(replica.allocate("dev1", "k8s:app=web")).isEqualTo(allocated.id());
    }

    @Test
    void numberAndReferenceAreWrittenWhereCiliumReadsThemAndHangOnNoLease() {
        IdentityId id = replica().allocate("dev1", "k8s:app=web");
        List<KeyValue> entries = await(store.list("")).entries();
        assertThat(entries)
                .extracting(e -> e.key() + " " + e.value())
                .containsExactly(
                        IDS + id + " k8s:app=web;", VALUES + "k8s:app=web;/dev1 " + id, LABELS + "k8s:app=web; " + id);
        assertThat(entries).allSatisfy(e -> assertThat(e.lease()).isZero());
        assertThat(entries)
                .extracting(KeyValue::modRevision)
                .containsOnly(entries.get(0).modRevision());
    }

    @Test
    void reservedLabelSetsNeedNoStore() {
        Replica replica = replica();
        assertThat(replica.allocate("dev1", "reserved:health")).isEqualTo(new IdentityId(4));
        Allocated none = await(replica.start("dev1", "k8s:pod-template-hash=abc"));
        assertThat(none.id()).isEqualTo(new IdentityId(5));
        assertThat(none.labels().texts()).containsExactly("reserved:init");
        assertThat(await(store.list("")).entries()).isEmpty();
    }

    @Test
    void reservedLabelsAmongOthersAreRefused() {
        refused(
                () -> replica().allocate("dev1", "reserved:host", "k8s:app=web"),
                Reason.INVALID,
                "reserved:host alone");
    }

    @Test
    void theClustersIdIsInTheNumber() {
        Replica replica = new Replica(store, vertx, 7);
        replicas.add(replica);
        assertThat(replica.allocate("dev1", "k8s:app=web").value() >>> 16).isEqualTo(7);
    }

    @Test
    void releaseRemovesOnlyTheNodesReference() {
        Replica replica = replica();
        IdentityId id = replica.allocate("dev1", "k8s:app=web");
        replica.allocate("dev2", "k8s:app=web");
        await(replica.allocator.release(new NodeName("dev1"), id));
        await(replica.allocator.release(new NodeName("dev1"), id));
        await(replica.allocator.release(new NodeName("dev1"), new IdentityId(4711)));
        assertThat(await(store.list(VALUES)).entries())
                .extracting(KeyValue::key)
                .containsExactly(VALUES + "k8s:app=web;/dev2");
        assertThat(replica.allocate("dev1", "k8s:app=web")).isEqualTo(id);
    }

    @Test
    void aNumberThatCiliumGaveIsKept() {
        put(IDS + "4711", "k8s:app=web;");
        put(VALUES + "k8s:app=db;/10.0.0.1", "4712");
        put(VALUES + "k8s:app=db;/x/10.0.0.1", "4713");
        Replica replica = replica();
        assertThat(replica.allocate("dev1", "k8s:app=web")).isEqualTo(new IdentityId(4711));
        assertThat(replica.allocate("dev1", "k8s:app=db")).isEqualTo(new IdentityId(4712));
        assertThat(value(IDS + "4712")).isEqualTo("k8s:app=db;");
        assertThat(value(LABELS + "k8s:app=web;")).isEqualTo("4711");
    }

    @Test
    void referencesThatAreNoNumbersOfThisKindAreNotAdopted() {
        for (String bad : List.of("", "x", "0", "255", "16777300", "99999999999", "65536")) {
            put(VALUES + "k8s:app=web;/n" + bad.hashCode(), bad);
        }
        assertThat(replica().allocate("dev1", "k8s:app=web").value()).isBetween(256, 65535);
    }

    @Test
    void aNumberWhoseKeyIsGoneIsWrittenAnew() {
        Replica replica = replica();
        IdentityId id = replica.allocate("dev1", "k8s:app=web");
        await(store.commit(Txn.of(new Op.Delete(IDS + id))));
        eventually(() -> replica.known.size() == 0);
        assertThat(replica.allocate("dev2", "k8s:app=web")).isEqualTo(id);
        assertThat(value(IDS + id)).isEqualTo("k8s:app=web;");
    }

    @Test
    void aNumberThatAnotherWriterTookIsRefusedNotShared() {
        Replica replica = replica();
        IdentityId id = replica.allocate("dev1", "k8s:app=web");
        put(IDS + id, "k8s:app=thief;");
        refused(
                () -> replica.allocate("dev1", "k8s:app=web"),
                Reason.REFUSED,
                "another writer has allocated key " + IDS + id + ": it has k8s:app=thief;, and identity " + id
                        + " is of labels k8s:app=web; (expected: ");
    }

    @Test
    void aDecidingKeyThatIsNoNumberIsRefusedByItsName() {
        put(LABELS + "k8s:app=web;", "many");
        refused(
                () -> replica().allocate("dev1", "k8s:app=web"),
                Reason.REFUSED,
                "store key " + LABELS + "k8s:app=web;: identity: \"many\"");
    }

    @Test
    void whenEveryNumberIsTakenTheKnownTextSaysSo() {
        List<Op> ops = new ArrayList<>();
        for (int id = IdentityId.MIN_ALLOCATED; id <= IdentityId.MAX_ALLOCATED; id++) {
            if (id != 40_000) {
                ops.add(Op.put(IDS + id, "k8s:n=" + id + ";"));
            }
        }
        for (int i = 0; i < ops.size(); i += 128) {
            await(store.commit(new Txn(List.of(), ops.subList(i, Math.min(i + 128, ops.size())), List.of())));
        }
        Replica replica = replica();
        assertThat(replica.allocate("dev1", "k8s:app=web")).isEqualTo(new IdentityId(40_000));
        eventually(() -> replica.known.size() == ops.size() + 1);
        refused(
                () -> replica.allocate("dev1", "k8s:app=db"),
                Reason.EXHAUSTED,
                "no more available IDs in configured space");
        assertThat(replica.allocate("dev2", "k8s:app=web")).isEqualTo(new IdentityId(40_000));
    }

    @Test
    void keysThatAreNoNumbersAreSkipped() {
        put(IDS + "many", "k8s:app=web;");
        put(IDS, "k8s:app=web;");
        assertThat(replica().allocate("dev1", "k8s:app=web").value()).isBetween(256, 65535);
    }

    private Replica replica() {
        Replica replica = new Replica(store.sibling(), vertx);
        replicas.add(replica);
        return replica;
    }

    @Test
    void moreLabelsThanANodeCanBeToldAreRefused() {
        Replica replica = replica();
        String most = "x".repeat(Labels.MAX_ENCODED_BYTES - "k8s:a=;".length());
        assertThat(replica.allocate("dev1", "k8s:a=" + most).value()).isBetween(256, 65535);
        refused(
                () -> replica.allocate("dev1", "k8s:a=" + most + "x"),
                Reason.INVALID,
                "labels: 1 labels of 15001 bytes (expected: at most 15000 bytes)");
        refused(() -> replica.allocate("dev1", "k8s:a=" + "é".repeat(8_000)), Reason.INVALID, "16007 bytes");
    }

    @Test
    void aDecidedNumberThatNoLabelSetIsGivenIsRefused() {
        for (String bad : List.of("0", "1", "255", "65537", "16777472", "4294967295")) {
            put(LABELS + "k8s:app=web;", bad);
            refused(
                    () -> replica().allocate("dev1", "k8s:app=web"),
                    Reason.REFUSED,
                    "store key " + LABELS + "k8s:app=web;: identity " + bad);
        }
    }

    private void put(String key, String value) {
        await(store.commit(Txn.of(Op.put(key, value))));
    }

    private String value(String key) {
        return await(store.get(key)).orElseThrow().value();
    }

    private static void refused(ThrowingCallable call, Reason reason, String message) {
        assertThatThrownBy(call).isInstanceOfSatisfying(IdentityException.class, e -> {
            assertThat(e.reason()).isEqualTo(reason);
            assertThat(e.getMessage()).contains(message);
        });
    }

    private static void eventually(BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(10));
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(1_000_000);
        }
    }
}
