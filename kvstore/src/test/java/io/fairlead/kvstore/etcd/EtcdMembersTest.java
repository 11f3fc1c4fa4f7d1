package io.fairlead.kvstore.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.Recorder;
import io.fairlead.kvstore.testing.EtcdServer;
import io.fairlead.kvstore.testing.EtcdServers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two ways to one server stand for two members: one of them may fall silent. */
@Tag("etcd")
final class EtcdMembersTest {
    private EtcdServer server;
    private TcpProxy member;
    private EtcdKvStore store;

    @BeforeEach
    void start() {
        server = EtcdServers.start();
        member = new TcpProxy(server.endpoint());
        store = new EtcdKvStore(EtcdOptions.of(List.of(member.endpoint(), server.endpoint())));
    }

    @AfterEach
    void stop() {
        store.close();
        member.close();
        server.close();
    }

    @Test
    void aSilentMemberIsLeftWithinTwoSecondsAndTakenBackWhenItSpeaks() {
        Recorder.await("both in use", () -> quick(10, Duration.ofSeconds(1)));
        member.silence();
        long began = System.nanoTime();
        // round robin gives the silent member every other call: four good ones in a row are no chance
        Recorder.await("calls go to the other", () -> quick(4, Duration.ofMillis(250)));
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(3));
        assertThat(quick(50, Duration.ofSeconds(1))).isTrue();
        member.restore();
        Recorder.await(
                "both again",
                () -> store.status()
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join()
                        .text()
                        .contains("2/2 connected"));
        assertThat(quick(50, Duration.ofSeconds(1))).isTrue();
    }

    /** Whether so many listings, one after the other, each end in time. */
    private boolean quick(int calls, Duration each) {
        for (int call = 0; call < calls; call++) {
            try {
                var unused = store.list("nothing/")
                        .toCompletionStage()
                        .toCompletableFuture()
                        .orTimeout(each.toMillis(), TimeUnit.MILLISECONDS)
                        .join();
            } catch (CompletionException e) {
                return false;
            }
        }
        return true;
    }
}
