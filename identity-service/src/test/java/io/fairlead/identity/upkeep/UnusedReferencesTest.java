package io.fairlead.identity.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.IdentityId;
import io.fairlead.identity.allocation.Replica;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A reference that no endpoint of its node uses goes, in its time; any other stays. */
class UnusedReferencesTest {
    private static final String WEB = Replica.KEYS.references("k8s:app=web;") + "dev1";

    private final Bench bench = new Bench();
    private IdentityId web;

    @BeforeEach
    void allocate() {
        bench.node("dev1", "192.168.2.31", "10.244.0.0/24");
        web = bench.replica.allocate("dev1", "k8s:app=web");
    }

    @AfterEach
    void stop() {
        bench.close();
    }

    /** The first look begins to count. */
    private void passes(int hours) {
        for (int i = 0; i <= hours * 4; i++) {
            bench.pass();
        }
    }

    @Test
    void whatAnUnansweredRequestLeftGoes() {
        passes(1);
        assertThat(bench.keys(WEB)).isEmpty();
    }

    @Test
    void itStaysUntilItsTime() {
        bench.pass();
        bench.pass();
        bench.pass();
        bench.pass();
        assertThat(bench.keys(WEB)).hasSize(1);
    }

    @Test
    void whatAnEndpointHasStays() {
        bench.publish("dev1", "10.244.0.7", web, "192.168.2.31");
        passes(3);
        assertThat(bench.keys(WEB)).hasSize(1);
    }

    @Test
    void anEndpointOfAnotherNodeDoesNotKeepIt() {
        bench.node("dev2", "192.168.2.32", "10.244.1.0/24");
        bench.publish("dev2", "10.244.1.7", web, "192.168.2.32");
        passes(1);
        assertThat(bench.keys(Replica.KEYS.references("k8s:app=web;")))
                .containsExactly(Replica.KEYS.references("k8s:app=web;") + "dev2");
    }

    @Test
    void askingAgainBeginsItsTimeAnew() {
        bench.pass();
        bench.pass();
        bench.pass();
        bench.replica.allocate("dev1", "k8s:app=web");
        bench.pass();
        bench.pass();
        bench.pass();
        assertThat(bench.keys(WEB)).hasSize(1);
    }

    @Test
    void nothingGoesWhileAnEntryCannotBeRead() {
        bench.put(Bench.KEYS.ips() + "10.244.0.9", "{broken");
        passes(3);
        assertThat(bench.keys(WEB)).hasSize(1);
    }

    @Test
    void nothingGoesWhileItIsNotKnownWhoseAnEntryIs() {
        bench.put(
                Bench.KEYS.ips() + "10.244.0.9",
                "{\"IP\":\"10.244.0.9\",\"HostIP\":\"192.168.2.99\",\"ID\":" + web + "}");
        passes(1);
        assertThat(bench.keys(WEB)).hasSize(1);
    }

    @Test
    void ciliumsReferencesAreItsOwn() {
        String theirs = Replica.KEYS.references("k8s:app=db;") + "dev1";
        bench.putLeased(theirs, web.toString());
        passes(2);
        assertThat(bench.keys(theirs)).hasSize(1);
    }

    @Test
    void aTimeThatIsTooShortIsRefused() {
        assertThatThrownBy(
                        () -> new UpkeepOptions(Duration.ofSeconds(1), 1, Duration.ofSeconds(1), Duration.ofSeconds(9)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("identity-reference-timeout: PT9S (expected: at least 10s)");
    }
}
