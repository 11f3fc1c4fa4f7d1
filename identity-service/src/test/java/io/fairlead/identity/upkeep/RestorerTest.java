package io.fairlead.identity.upkeep;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.identity.allocation.Replica;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is used and was removed comes back with the same number. */
class RestorerTest {
    private static final String WEB = "k8s:app=web;";

    private final Bench bench = new Bench();
    private IdentityId web;
    private String idKey;
    private String labelKey;
    private String reference;

    @BeforeEach
    void allocate() {
        bench.node("dev1", "192.168.2.31", "10.244.0.0/24");
        web = bench.replica.allocate("dev1", "k8s:app=web");
        bench.publish("dev1", "10.244.0.7", web, "192.168.2.31");
        idKey = Replica.KEYS.id(web);
        labelKey = Replica.KEYS.labels(WEB);
        reference = Replica.KEYS.references(WEB) + "dev1";
        bench.settle();
    }

    @AfterEach
    void stop() {
        bench.close();
    }

    private void whole() {
        assertThat(value(idKey)).isEqualTo(WEB);
        assertThat(value(labelKey)).isEqualTo(web.toString());
        assertThat(value(reference)).isEqualTo(web.toString());
    }

    private String value(String key) {
        return await(bench.store.get(key)).map(entry -> entry.value()).orElse("missing: " + key);
    }

    @Test
    void aMissingNumberComesBackSoon() {
        bench.delete(idKey);
        soon();
        whole();
    }

    @Test
    void aMissingDecidingKeyComesBackSoon() {
        bench.delete(labelKey);
        soon();
        whole();
    }

    private void soon() {
        bench.settle();
        Bench.eventually(() -> {
            bench.timers.advance(Duration.ofMillis(100));
            return bench.keys(idKey).size() == 1 && bench.keys(labelKey).size() == 1;
        });
    }

    @Test
    void aPassFindsWhatNobodySawVanish() {
        bench.upkeep.close();
        bench.delete(idKey);
        bench.delete(labelKey);
        Realm realm = new Realm(bench.store, Replica.KEYS, Bench.KEYS, ClusterName.DEFAULT, 0);
        Presence presence = new Presence(realm, bench.timers::nanoTime, () -> {});
        await(presence.synced());
        Inventory found = await(Inventory.read(realm));
        assertThat(await(new Restorer(realm).restore(found, presence))).isEqualTo(2);
        whole();
        presence.close();
    }

    @Test
    void aMissingReferenceComesBackWhenAnEntryUsesTheNumber() {
        bench.delete(reference);
        bench.pass();
        whole();
        bench.pass();
        assertThat(bench.keys(idKey)).hasSize(1);
    }

    @Test
    void aReferenceIsNotMadeForANodeThatIsNotThere() {
        bench.release("dev1");
        bench.delete(reference);
        bench.pass();
        assertThat(bench.keys(reference)).isEmpty();
    }

    @Test
    void aNumberThatAnotherWriterTookIsLeftToHim() {
        bench.put(idKey, "k8s:app=thief;");
        bench.pass();
        assertThat(value(idKey)).isEqualTo("k8s:app=thief;");
        assertThat(value(labelKey)).isEqualTo(web.toString());
    }

    @Test
    void aNumberWithoutReferencesStaysGone() {
        bench.delete(Bench.KEYS.ips() + "10.244.0.7");
        bench.delete(reference);
        bench.delete(idKey);
        bench.settle();
        for (int i = 0; i < 20; i++) {
            bench.timers.advance(Duration.ofMillis(100));
            bench.settle();
        }
        assertThat(bench.keys(idKey)).isEmpty();
    }

    @Test
    void anEntryThatSomebodyDeletedCanBePublishedAgain() {
        bench.delete(Bench.KEYS.ips() + "10.244.0.7");
        bench.publish("dev1", "10.244.0.7", web, "192.168.2.31");
        assertThat(bench.keys(Bench.KEYS.ips())).hasSize(1);
    }

    @Test
    void whatIsRestoredIsCounted() {
        bench.delete(reference);
        bench.pass();
        assertThat(bench.meters
                        .counter("fairlead.identity.gc.entries", "status", "restored")
                        .count())
                .isEqualTo(1);
    }
}
