package io.fairlead.node.endpoint;

import static io.fairlead.node.endpoint.AgentHarness.attachment;
import static io.fairlead.node.endpoint.AgentHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever runs at once and whatever fails: no address, device or endpoint is ever leaked or given twice. */
class EndpointInterleavingTest {
    private static final int CONTAINERS = 6;
    private static final int THREADS = 8;
    private static final int OPERATIONS = 60;

    @TempDir
    private Path state;

    private final FakeNode node = new FakeNode();

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void randomInterleavingsOfAddAndDeleteLeakNothing(long seed) throws Exception {
        node.before(call -> {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            java.util.concurrent.locks.LockSupport.parkNanos(random.nextInt(50_000));
            if (random.nextInt(12) == 0) {
                throw new IllegalStateException(call + " fails now and then");
            }
        });
        try (AgentHarness agent = new AgentHarness(state, node)) {
            runAll(agent, seed);
            expectConsistent(agent);
            node.before(FakeNode.nothing());
            for (int i = 0; i < CONTAINERS; i++) {
                agent.manager.delete(attachment("c" + i));
            }
            agent.expectNothingTaken();
            AgentHarness.awaitEmpty(node);
        }
    }

    private static void runAll(AgentHarness agent, long seed) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        List<Future<?>> running = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            Random random = new Random(seed * 100 + t);
            running.add(threads.submit(() -> {
                for (int i = 0; i < OPERATIONS; i++) {
                    operate(agent, random);
                }
            }));
        }
        for (Future<?> each : running) {
            each.get();
        }
        threads.shutdown();
    }

    private static void operate(AgentHarness agent, Random random) {
        String container = "c" + random.nextInt(CONTAINERS);
        try {
            switch (random.nextInt(5)) {
                case 0, 1, 2 -> agent.manager.add(request(container));
                case 3 -> agent.manager.delete(attachment(container));
                default -> agent.manager.refresh();
            }
        } catch (EndpointException | IllegalStateException e) {
            // Failing is allowed here; leaking is not.
            assertThat(e).hasMessageContaining("fails now and then");
        }
    }

    private void expectConsistent(AgentHarness agent) {
        Set<Ip> ips = new HashSet<>(Set.of(Ip.parse("10.244.2.1")));
        Set<Integer> ids = new HashSet<>();
        for (Endpoint endpoint : agent.manager.endpoints()) {
            endpoint.ips()
                    .forEach(ip ->
                            assertThat(ips.add(ip)).as("%s is given once", ip).isTrue());
            assertThat(ids.add(endpoint.id().value())).isTrue();
            if (endpoint.state() == EndpointState.READY) {
                assertThat(node.devices()).contains(endpoint.hostInterface());
                assertThat(node.settled()).contains(endpoint.hostInterface());
                assertThat(node.published()).containsAll(endpoint.ips());
                assertThat(node.held()).contains(endpoint.identity().orElseThrow());
            }
        }
        assertThat(agent.pool.allocations().keySet()).isEqualTo(ips);
        assertThat(agent.manager.endpoints().stream().map(Endpoint::hostInterface))
                .containsAll(node.devices());
    }
}
