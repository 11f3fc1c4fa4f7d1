package io.fairlead.events.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.history.StoreLife;
import org.junit.jupiter.api.Test;

class StoreEpochTest {
    @Test
    void anotherLineageIsAnotherEpoch() {
        assertThat(StoreEpoch.next(new StoreLife("a.1", 10), "", 0)).isEqualTo("a.1");
        assertThat(StoreEpoch.next(new StoreLife("a.1", 10), "a.1", 10)).isEqualTo("a.1");
        assertThat(StoreEpoch.next(new StoreLife("a.2", 20), "a.1", 10)).isEqualTo("a.2");
    }

    @Test
    void revisionsThatWentBackAreAnotherEpochThough() {
        assertThat(StoreEpoch.next(new StoreLife("a.1", 9), "a.1", 10)).isEqualTo("a.1+1");
        assertThat(StoreEpoch.next(new StoreLife("a.1", 9), "a.1+1", 10)).isEqualTo("a.1+2");
        assertThat(StoreEpoch.next(new StoreLife("a.1", 12), "a.1+2", 10)).isEqualTo("a.1+2");
        assertThat(StoreEpoch.next(new StoreLife("a.2", 12), "a.1+2", 10)).isEqualTo("a.2");
    }
}
