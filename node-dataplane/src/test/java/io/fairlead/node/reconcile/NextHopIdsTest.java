package io.fairlead.node.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.NextHop;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NextHopIdsTest {
    private static final NextHop ONE = new NextHop(Ip.parse("192.168.2.1"), 2);
    private static final NextHop TWO = new NextHop(Ip.parse("192.168.2.2"), 2);
    private static final NextHop THREE = new NextHop(Ip.parse("192.168.2.3"), 2);

    private final NextHopIds ids = new NextHopIds(10, 11);

    @Test
    void routesOfOneNodeShareAnIdUntilTheLastIsGone() {
        assertThat(ids.use(ONE)).hasValue(10);
        assertThat(ids.use(ONE)).hasValue(10);
        assertThat(ids.use(TWO)).hasValue(11);
        assertThat(ids.release(10)).isFalse();
        assertThat(ids.use(THREE)).isEmpty();
        assertThat(ids.release(10)).isTrue();
        assertThat(ids.use(THREE)).hasValue(10);
    }

    @Test
    void anIdIsGivenOutAgainOnlyWhenTheKernelHasItNoMore() {
        assertThat(ids.use(ONE)).hasValue(10);
        ids.observe(Map.of(10, ONE));
        assertThat(ids.release(10)).isTrue();

        assertThat(ids.use(TWO)).hasValue(11);
        assertThat(ids.hasFree()).isFalse();
        assertThat(ids.use(THREE)).isEmpty();
        ids.observe(Map.of(11, TWO));
        assertThat(ids.hasFree()).isTrue();
        assertThat(ids.use(THREE)).hasValue(10);
    }

    @Test
    void whatComesBackHasTheIdTheKernelStillHolds() {
        ids.observe(Map.of(11, ONE));
        assertThat(ids.use(TWO)).hasValue(10);
        assertThat(ids.use(ONE)).hasValue(11);
        assertThat(ids.release(11)).isTrue();
        assertThat(ids.use(ONE)).hasValue(11);
    }

    @Test
    void anIdSomebodyElseAlteredStaysWithWhoNeedsIt() {
        assertThat(ids.use(ONE)).hasValue(10);
        ids.observe(Map.of(10, THREE, 11, TWO));
        assertThat(ids.use(ONE)).hasValue(10);
        ids.observe(Map.of(10, ONE, 11, THREE));
        assertThat(ids.use(THREE)).hasValue(11);
        assertThat(ids.use(TWO)).isEmpty();
    }
}
