package io.fairlead.identity.upkeep;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.identity.allocation.Replica;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a released node referred to goes after the grace, and nothing else. */
class ReleasedNodesTest {
    private static final String IPS = Bench.KEYS.ips();
    private static final String REFERENCES = Replica.KEYS.references();

    private final Bench bench = new Bench();
    private IdentityId web;

    @BeforeEach
    void nodes() {
        bench.node("dev1", "192.168.2.31", "10.244.0.0/24");
        bench.node("dev2", "192.168.2.32", "10.244.1.0/24");
        web = bench.replica.allocate("dev1", "k8s:app=web");
        bench.replica.allocate("dev2", "k8s:app=web");
        bench.publish("dev1", "10.244.0.7", web, "192.168.2.31");
        bench.publish("dev2", "10.244.1.7", web, "192.168.2.32");
        bench.settle();
    }

    @AfterEach
    void stop() {
        bench.close();
    }

    private void bothThere() {
        assertThat(bench.keys(IPS)).containsExactly(IPS + "10.244.0.7", IPS + "10.244.1.7");
        assertThat(bench.keys(REFERENCES))
                .containsExactly(REFERENCES + "k8s:app=web;/dev1", REFERENCES + "k8s:app=web;/dev2");
    }

    private void onlyTheSecondThere() {
        assertThat(bench.keys(IPS)).containsExactly(IPS + "10.244.1.7");
        assertThat(bench.keys(REFERENCES)).containsExactly(REFERENCES + "k8s:app=web;/dev2");
    }

    @Test
    void aReleasedNodesReferencesAndEntriesGoAfterTheGrace() {
        bench.release("dev1");
        bench.wait(Bench.GRACE.minusSeconds(2));
        bothThere();
        bench.wait(Duration.ofSeconds(3));
        onlyTheSecondThere();
    }

    @Test
    void nobodyHasToAskForIt() {
        bench.release("dev1");
        bench.settle();
        Bench.eventually(() -> {
            bench.timers.advance(Duration.ofSeconds(1));
            return bench.keys(IPS).size() == 1 && bench.keys(REFERENCES).size() == 1;
        });
        onlyTheSecondThere();
    }

    @Test
    void aNodeWithAClaimOrARecordIsNotReleased() {
        bench.delete(Bench.KEYS.nodes() + "default/dev1");
        bench.delete(Realm.CLAIMS + "default/dev2");
        bench.wait(Bench.GRACE.multipliedBy(3));
        bench.pass();
        bothThere();
        bench.release("dev1");
        bench.wait(Bench.GRACE);
        onlyTheSecondThere();
    }

    @Test
    void aNodeThatComesBackMeanwhileKeepsEverything() {
        bench.release("dev1");
        bench.wait(Bench.GRACE.minusSeconds(5));
        bench.node("dev1", "192.168.2.31", "10.244.0.0/24");
        bench.wait(Bench.GRACE);
        bothThere();
        // and its next release begins the grace anew
        bench.release("dev1");
        bench.wait(Bench.GRACE.minusSeconds(5));
        bothThere();
        bench.wait(Duration.ofSeconds(6));
        onlyTheSecondThere();
    }

    /** The watch of this replica is late: only the transaction can know. */
    @Test
    void aNodeThatCameBackUnseenKeepsEverything() {
        bench.release("dev1");
        bench.settle();
        List<Reference> references = new ArrayList<>();
        List<Address> addresses = new ArrayList<>();
        await(bench.store.list(REFERENCES))
                .entries()
                .forEach(entry -> references.add(Reference.of(Replica.KEYS, entry)));
        await(bench.store.list(IPS)).entries().forEach(entry -> addresses.add(Address.of(entry)));
        Inventory seen = new Inventory(references, addresses, Map.of(), Map.of(), List.of());
        MemoryKvStore cut = bench.store.sibling();
        Realm realm = new Realm(cut, Replica.KEYS, Bench.KEYS, ClusterName.DEFAULT, 0);
        Presence presence = new Presence(realm, bench.timers::nanoTime, () -> {});
        await(presence.synced());
        ReleasedNodes released = new ReleasedNodes(
                new Realm(bench.store, Replica.KEYS, Bench.KEYS, ClusterName.DEFAULT, 0), presence, Bench.GRACE);
        await(released.sweep(seen, bench.timers.nanoTime()));
        cut.disconnect();
        bench.node("dev1", "192.168.2.31", "10.244.0.0/24");
        long later = bench.timers.nanoTime() + Bench.GRACE.toNanos();
        assertThat(await(released.sweep(seen, later)).removed()).isZero();
        bothThere();
        presence.close();
        cut.close();
    }

    @Test
    void anEntryThatAnotherNodeHasTakenOverStays() {
        bench.publish("dev2", "10.244.0.7", web, "192.168.2.32");
        bench.release("dev1");
        bench.wait(Bench.GRACE);
        assertThat(bench.keys(IPS)).hasSize(2);
        assertThat(bench.keys(REFERENCES)).hasSize(1);
    }

    @Test
    void aHostAddressThatAnotherNodeHasByNowKeepsTheEntries() {
        bench.release("dev1");
        bench.node("dev3", "192.168.2.31", "10.244.5.0/24");
        bench.wait(Bench.GRACE);
        assertThat(bench.keys(IPS)).hasSize(2);
        assertThat(bench.keys(REFERENCES)).containsExactly(REFERENCES + "k8s:app=web;/dev2");
    }

    @Test
    void whatHangsOnALeaseIsNotOurs() {
        bench.putLeased(REFERENCES + "k8s:app=web;/192.168.2.99", web.toString());
        bench.putLeased(
                IPS + "10.9.0.7",
                "{\"IP\":\"10.9.0.7\",\"Mask\":null,\"HostIP\":\"192.168.2.99\",\"ID\":" + web + ",\"Key\":0}");
        bench.pass();
        bench.pass();
        assertThat(bench.keys(IPS)).hasSize(3);
        assertThat(bench.keys(REFERENCES)).hasSize(3);
    }

    @Test
    void whatNodesLeftBeforeAnybodyLookedIsFoundAtAPass() {
        bench.put(REFERENCES + "k8s:app=db;/gone", "4711");
        bench.put(
                IPS + "10.77.0.9",
                "{\"IP\":\"10.77.0.9\",\"Mask\":null,\"HostIP\":\"192.168.2.77\",\"ID\":" + web + ",\"Key\":0}");
        // of a node that has changed its own address: it lies where the node has its pods
        bench.put(
                IPS + "10.244.0.9",
                "{\"IP\":\"10.244.0.9\",\"Mask\":null,\"HostIP\":\"192.168.2.77\",\"ID\":" + web + ",\"Key\":0}");
        bench.pass();
        assertThat(bench.keys(IPS)).hasSize(4);
        bench.wait(Bench.GRACE);
        assertThat(bench.keys(IPS)).containsExactly(IPS + "10.244.0.7", IPS + "10.244.0.9", IPS + "10.244.1.7");
        assertThat(bench.keys(REFERENCES)).hasSize(2);
    }

    @Test
    void aNodeThatCannotBeReadKeepsStrangersEntries() {
        bench.put(Bench.KEYS.nodes() + "default/dev9", "{]");
        bench.put(
                IPS + "10.77.0.9",
                "{\"IP\":\"10.77.0.9\",\"Mask\":null,\"HostIP\":\"192.168.2.77\",\"ID\":" + web + ",\"Key\":0}");
        bench.pass();
        bench.wait(Bench.GRACE);
        bench.pass();
        assertThat(bench.keys(IPS)).hasSize(3);
    }

    @Test
    void manyEntriesGoInBatchesAndOneThatChangesKeepsOnlyItself() {
        List<Op> ops = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            ops.add(Op.put(REFERENCES + "k8s:n=" + i + ";/dev1", Integer.toString(1000 + i)));
            ops.add(Op.put(
                    IPS + "10.244.2." + i,
                    "{\"IP\":\"10.244.2." + i + "\",\"Mask\":null,\"HostIP\":\"192.168.2.31\",\"ID\":" + web
                            + ",\"Key\":0}"));
        }
        for (int i = 0; i < ops.size(); i += 100) {
            await(bench.store.commit(new Txn(List.of(), ops.subList(i, Math.min(i + 100, ops.size())), List.of())));
        }
        bench.release("dev1");
        bench.wait(Bench.GRACE);
        bench.wait(Duration.ofSeconds(1));
        onlyTheSecondThere();
        assertThat(bench.meters
                        .counter("fairlead.identity.gc.entries", "status", "released")
                        .count())
                .isEqualTo(502);
    }
}
