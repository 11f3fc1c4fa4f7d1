package io.fairlead.identity.allocation;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.NodeName;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Replicas race on the same and on different label sets over a store that fails: promise 3. */
class NeverTwiceTest {
    private static final String IDS = "cilium/state/identities/v1/id/";
    private static final String LABELS = "fairlead/identity/v1/labels/";

    @Test
    void noLabelSetHasTwoNumbersAndNoNumberTwoLabelSets() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 10; round++) {
            race(random, "seed " + seed + " round " + round);
        }
    }

    private static void race(Random random, String what) {
        Vertx vertx = Vertx.vertx();
        MemoryKvStore store = new MemoryKvStore();
        List<Replica> replicas = new ArrayList<>();
        Map<String, String> given = new HashMap<>();
        try {
            for (int i = 0; i < 4; i++) {
                replicas.add(new Replica(store.sibling(), vertx));
            }
            for (int wave = 0; wave < 8; wave++) {
                wave(random, replicas, given, what);
                check(store, given, what);
            }
        } finally {
            replicas.forEach(Replica::close);
            store.close();
            await(vertx.close());
        }
    }

    private static void wave(Random random, List<Replica> replicas, Map<String, String> given, String what) {
        Map<Future<Allocated>, String> running = new HashMap<>();
        List<Future<Void>> releases = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Replica replica = replicas.get(random.nextInt(replicas.size()));
            MemoryKvStore client = (MemoryKvStore) replica.store;
            switch (random.nextInt(8)) {
                case 0 -> client.failNext(random.nextInt(3));
                case 1 -> client.loseNextAnswers(random.nextInt(3));
                case 2 -> client.disconnect();
                case 3, 4 -> client.reconnect();
                default -> {}
            }
            String labels = "k8s:app=" + random.nextInt(30);
            NodeName node = new NodeName("n" + random.nextInt(4));
            running.put(replica.start(node.value(), labels), labels + ";");
            if (random.nextInt(4) == 0) {
                replica.known.number(labels + ";").ifPresent(id -> releases.add(replica.allocator.release(node, id)));
            }
        }
        running.forEach((future, labels) -> {
            try {
                String id = await(future).id().toString();
                assertThat(given.merge(labels, id, (before, now) -> before))
                        .as(what)
                        .isEqualTo(id);
            } catch (KvException e) {
                assertThat(e).as(what).hasMessageNotContaining("null");
            }
        });
        releases.forEach(release -> await(release.otherwiseEmpty()));
    }

    /** Every number that was handed out is in the store, under both keys, and no other pair is. */
    private static void check(MemoryKvStore store, Map<String, String> given, String what) {
        Map<String, String> byLabels = new HashMap<>();
        Map<String, String> byNumber = new HashMap<>();
        for (KeyValue entry : await(store.list("")).entries()) {
            if (entry.key().startsWith(LABELS)) {
                byLabels.put(entry.key().substring(LABELS.length()), entry.value());
            } else if (entry.key().startsWith(IDS)) {
                assertThat(byNumber.put(entry.value(), entry.key().substring(IDS.length())))
                        .as("%s: second number of %s", what, entry.value())
                        .isNull();
            }
        }
        assertThat(byNumber).as(what).isEqualTo(byLabels).containsAllEntriesOf(given);
        assertThat(byLabels.values()).as(what).doesNotHaveDuplicates();
    }
}
