package io.fairlead.bench.limits;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.bench.scale.Service;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.proto.identity.v1.AllocateIdentityResponse;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The limits benchmark, small: what is allocated at once is all different, and etcd alone is asked for as much. */
@Tag("etcd")
final class LimitsTest {
    private static final int COUNT = 300;

    @TempDir
    Path directory;

    private EtcdProcess etcd;
    private KvStore store;

    @BeforeEach
    void start() {
        etcd = EtcdProcess.start();
        store = new EtcdKvStore(EtcdOptions.parse(etcd.endpoint()));
    }

    @AfterEach
    void end() {
        store.close();
        etcd.close();
    }

    private Service service(Service.Kind kind, String... options) {
        Service service = new Service(
                kind,
                which -> List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        which.mainClass()),
                directory,
                etcd.endpoint(),
                options);
        service.start();
        return service.awaitReady();
    }

    @Test
    void labelSetsAllocatedAtOnceHaveDifferentNumbers() {
        Set<Integer> numbers = ConcurrentHashMap.newKeySet();
        try (Service service = service(Service.Kind.IDENTITIES);
                Subject subject = new Identities(service.port(), 4)) {
            ClosedLoop.Result result = ClosedLoop.run(
                    i -> subject.allocate(i)
                            .onSuccess(done -> numbers.add(((AllocateIdentityResponse) done).getIdentity())),
                    0,
                    COUNT,
                    64);
            assertThat(result.latencies().count()).isEqualTo(COUNT);
            assertThat(numbers).hasSize(COUNT);
            etcdAloneWritesAsMuch(subject, 3);
        }
    }

    @Test
    void nodesRegisteredAtOnceHaveDifferentBlocks() {
        Set<String> blocks = ConcurrentHashMap.newKeySet();
        try (Service service = service(Service.Kind.ADDRESSES, "--cluster-pool-ipv4-cidr=10.0.0.0/8");
                Subject subject = new Nodes(service.port(), 4)) {
            ClosedLoop.Result result = ClosedLoop.run(
                    i -> subject.allocate(i)
                            .onSuccess(done -> blocks.addAll(((RegisterNodeResponse) done).getPodCidrsList())),
                    0,
                    COUNT,
                    64);
            assertThat(result.latencies().count()).isEqualTo(COUNT);
            assertThat(blocks).hasSize(COUNT);
            etcdAloneWritesAsMuch(subject, 4);
        }
    }

    private void etcdAloneWritesAsMuch(Subject subject, int keys) {
        List<KeyValue> pattern = subject.observed(store, COUNT);
        assertThat(pattern).hasSize(keys);
        RawTransactions raw = new RawTransactions(store, subject.guards(), pattern);
        wait(raw.run(1));
        List<KeyValue> written = wait(store.list(RawTransactions.PREFIX)).entries();
        assertThat(written).extracting(KeyValue::value).containsExactlyElementsOf(values(pattern, written));
        assertThat(written.stream().mapToInt(entry -> entry.key().length()).sum())
                .isEqualTo(
                        pattern.stream().mapToInt(entry -> entry.key().length()).sum());
    }

    /** Keys of the raw transaction begin with the place in the pattern. */
    private static List<String> values(List<KeyValue> pattern, List<KeyValue> written) {
        return written.stream()
                .map(entry ->
                        pattern.get(Integer.parseInt(entry.key().split("/")[1])).value())
                .toList();
    }

    private static <T> T wait(Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }
}
