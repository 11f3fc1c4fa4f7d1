package io.fairlead.node.registration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.Served;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.EndpointException;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.testing.ManualTimers;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockKeeperTest {
    private static final Duration TICK = Duration.ofSeconds(5);
    private static final Wanted WANTED = new Wanted(
            new NodeName("dev1"), List.of(Ip.parse("192.168.2.31")), Set.of(Ip.Family.V4), "default", List.of());

    @TempDir
    private Path directory;

    private final FakeIpam ipam = new FakeIpam();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final ScheduledExecutorService confirming = Executors.newSingleThreadScheduledExecutor();
    private final AtomicBoolean served = new AtomicBoolean(true);
    private final AtomicInteger lost = new AtomicInteger();
    private final List<List<String>> routed = new ArrayList<>();
    private Served server;
    private ManualTimers timers;
    private Registration.Registered registered;
    private AddressPool pool;
    private BlockKeeper keeper;
    private Controller controller;

    @BeforeEach
    void serve() throws Exception {
        server = new Served(directory, ipam);
        ipam.gives = List.of("10.244.1.0/28");
        start();
    }

    @AfterEach
    void stop() {
        keeper.close();
        confirming.shutdownNow();
        server.close();
    }

    /** An agent begins; pods of the one before are gone. */
    private void start() throws InterruptedException {
        timers = new ManualTimers();
        tasks.clear();
        controller = new Controllers(Clock.systemUTC()).get("ipam-blocks");
        registered = new Registration(
                        IpamServiceGrpc.newBlockingStub(server.channel()),
                        directory,
                        new Controllers(Clock.systemUTC()).get("node-registration"),
                        new Backoff(Duration.ofMillis(5), Duration.ofMillis(20), new Random(1)))
                .register(WANTED, confirming);
        pool = new AddressPool(registered.blocks(), registered.node().routers(), "default", new Random(2));
        keeper = new BlockKeeper(
                registered,
                pool,
                new BlockKeeper.Settings(4, Duration.ofMinutes(1), TICK),
                new BlockKeeper.Ground(
                        tasks::add,
                        timers,
                        cidrs -> routed.add(cidrs.stream().map(Cidr::toString).toList()),
                        cidrs -> served.get(),
                        lost::incrementAndGet),
                controller,
                new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(20), new Random(3)));
        keeper.start();
        drain();
    }

    private void drain() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private void pass(Duration time) {
        for (Duration left = time; left.compareTo(Duration.ZERO) > 0; left = left.minus(TICK)) {
            timers.advance(TICK);
            drain();
        }
    }

    private void gives(String... blocks) {
        synchronized (ipam) {
            ipam.blocks.addAll(List.of(blocks));
        }
    }

    private List<Ip> allocate(int count) {
        List<Ip> ips = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ips.add(pool.allocate(Ip.Family.V4, "pod"));
            drain();
        }
        return ips;
    }

    private void release(List<Ip> ips) {
        ips.forEach(ip -> pool.release(ip, "pod"));
    }

    private List<String> blocks() {
        return registered.held().holdings().now().podCidrs().stream()
                .map(Cidr::toString)
                .toList();
    }

    @Test
    void anotherBlockIsThereBeforeTheFirstRunsOut() {
        gives("10.244.5.0/28");
        allocate(9);
        assertThat(ipam.added).as("4 are free").isEmpty();
        allocate(1);
        assertThat(ipam.added).hasSize(1);
        assertThat(ipam.added.get(0).getPool()).isEqualTo("default");
        assertThat(ipam.added.get(0).getIpVersion()).isEqualTo(4);
        assertThat(routed).containsExactly(List.of("10.244.1.0/28", "10.244.5.0/28"));
        allocate(10);
        assertThat(pool.status()).isEqualTo("IPv4: 21/28 allocated from 10.244.1.0/28, 10.244.5.0/28, ");
        assertThat(ipam.added).hasSize(1);
    }

    @Test
    void aBlockGivesNothingBeforeTheKernelHasItsRoute() throws InterruptedException {
        gives("10.244.5.0/28");
        AtomicBoolean refuses = new AtomicBoolean(true);
        keeper.close();
        BlockKeeper other = new BlockKeeper(
                registered,
                pool,
                new BlockKeeper.Settings(4, Duration.ofMinutes(1), TICK),
                new BlockKeeper.Ground(
                        tasks::add,
                        timers,
                        cidrs -> {
                            if (refuses.get()) {
                                throw new IllegalStateException("no route");
                            }
                        },
                        cidrs -> true,
                        () -> {}),
                controller,
                new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(1), new Random(3)));
        other.start();
        drain();
        allocate(13);
        assertThatThrownBy(() -> pool.allocate(Ip.Family.V4, "pod")).hasMessageStartingWith("range is full: no route");
        assertThat(controller.state().lastError()).contains("no route");
        refuses.set(false);
        pass(TICK);
        assertThat(pool.allocate(Ip.Family.V4, "pod").toString()).startsWith("10.244.5.");
        other.close();
    }

    @Test
    void aRequestIsTheSameOverLostAnswersAndRestarts() throws InterruptedException {
        gives("10.244.5.0/28", "10.244.6.0/28");
        ipam.loseAnswers = true;
        List<Ip> ips = allocate(10);
        pass(Duration.ofMinutes(1));
        assertThat(ipam.added.size()).as("with back-off").isBetween(3, 8);
        release(ips);
        ipam.loseAnswers = false;
        start();
        assertThat(ipam.added.stream().map(request -> request.getRequestId()).distinct())
                .hasSize(1);
        assertThat(blocks()).containsExactly("10.244.1.0/28", "10.244.5.0/28");
        assertThat(registered.held().holdings().now().asked()).isEmpty();
    }

    @Test
    void aFullPoolIsSaidAndAskedAgain() {
        allocate(13);
        assertThat(controller.state().lastError()).contains("another block for IPv4 of pool default", "allocator full");
        assertThatThrownBy(() -> pool.allocate(pool.supply(Ip.Family.V4, ""), "pod", Duration.ofSeconds(30)))
                .isInstanceOf(EndpointException.class)
                .hasMessageContaining("range is full: the ipam service says")
                .hasMessageContaining("allocator full");
        gives("10.244.5.0/28");
        pass(Duration.ofSeconds(30));
        assertThat(controller.state().consecutiveFailures()).isZero();
        allocate(1);
    }

    @Test
    void anEmptyBlockGoesBackAfterAWhileAndNotTheLastOne() {
        gives("10.244.5.0/28");
        List<Ip> ips = allocate(12);
        release(ips);
        pass(Duration.ofSeconds(50));
        assertThat(ipam.returned).isEmpty();
        pass(Duration.ofSeconds(20));
        assertThat(ipam.returned).containsExactly("10.244.5.0/28");
        assertThat(blocks()).containsExactly("10.244.1.0/28");
        assertThat(routed.get(routed.size() - 1)).containsExactly("10.244.1.0/28");
        assertThat(pool.status()).isEqualTo("IPv4: 1/14 allocated from 10.244.1.0/28, ");
        pass(Duration.ofMinutes(10));
        assertThat(ipam.returned).hasSize(1);
    }

    @Test
    void aBlockThatIsNeededSoonAgainStays() {
        gives("10.244.5.0/28");
        List<Ip> ips = allocate(10);
        release(ips.subList(0, 3));
        pass(Duration.ofMinutes(5));
        assertThat(ipam.returned)
                .as("6 would be free without it, twice the mark is 8")
                .isEmpty();
        release(ips.subList(3, 5));
        pass(Duration.ofMinutes(5));
        assertThat(ipam.returned).containsExactly("10.244.5.0/28");
    }

    @Test
    void aBlockSomebodyUsedMeanwhileHasNotBeenEmpty() {
        gives("10.244.5.0/28");
        List<Ip> ips = allocate(13);
        release(ips);
        pass(Duration.ofSeconds(50));
        pool.claim(Ip.parse("10.244.5.3"), "pod");
        pool.release(Ip.parse("10.244.5.3"), "pod");
        pass(Duration.ofSeconds(30));
        assertThat(ipam.returned).isEmpty();
        pass(Duration.ofSeconds(40));
        assertThat(ipam.returned).containsExactly("10.244.5.0/28");
    }

    @Test
    void noAddressIsGivenOfABlockThatGoesBackWhateverTheServiceAnswers() throws InterruptedException {
        gives("10.244.5.0/28");
        release(allocate(12));
        ipam.returnFails = Status.UNAVAILABLE;
        pass(Duration.ofMinutes(2));
        assertThat(ipam.returned.size()).isGreaterThan(1);
        assertThatThrownBy(() -> pool.claim(Ip.parse("10.244.5.3"), "pod"))
                .hasMessageContaining("not in the valid range");
        start();
        assertThatThrownBy(() -> pool.claim(Ip.parse("10.244.5.3"), "pod"))
                .as("after a restart")
                .hasMessageContaining("not in the valid range");
        ipam.returnFails = Status.OK;
        ipam.returned.clear();
        pass(Duration.ofMinutes(1));
        assertThat(ipam.returned).containsExactly("10.244.5.0/28");
        assertThat(registered.held().holdings().now().returning()).isEmpty();
    }

    @Test
    void aBlockTheServiceDoesNotTakeBackStaysInUse() {
        gives("10.244.5.0/28");
        release(allocate(12));
        ipam.returnFails = Status.FAILED_PRECONDITION.withDescription("the node's last block");
        pass(Duration.ofSeconds(70));
        assertThat(ipam.returned).containsExactly("10.244.5.0/28");
        assertThat(blocks()).containsExactly("10.244.1.0/28", "10.244.5.0/28");
        pool.claim(Ip.parse("10.244.5.3"), "pod");
    }

    @Test
    void aPoolIsAskedForAtItsFirstUseAndAllOfItGoesBackWhenNobodyUsesIt() throws Exception {
        gives("10.99.3.0/28");
        AddressPool.Supply blue = pool.supply(Ip.Family.V4, "blue");
        CompletableFuture<Ip> waiting =
                CompletableFuture.supplyAsync(() -> pool.allocate(blue, "pod", Duration.ofSeconds(20)));
        while (!waiting.isDone()) {
            drain();
        }
        Ip ip = waiting.get(1, TimeUnit.SECONDS);
        assertThat(ip.toString()).startsWith("10.99.3.");
        assertThat(ipam.added.get(0).getPool()).isEqualTo("blue");
        pass(Duration.ofMinutes(5));
        assertThat(ipam.returned).isEmpty();
        release(List.of(ip));
        pass(Duration.ofMinutes(5));
        assertThat(ipam.returned).containsExactly("10.99.3.0/28");
        assertThat(ipam.added).as("nobody asked again").hasSize(1);
    }

    @Test
    void aPoolThatDoesNotExistIsAClearErrorAndIsNotAskedForUnaskedly() throws Exception {
        ipam.addFails = Status.NOT_FOUND.withDescription("pool: red (expected: one of default)");
        AddressPool.Supply red = pool.supply(Ip.Family.V4, "red");
        CompletableFuture<Ip> waiting =
                CompletableFuture.supplyAsync(() -> pool.allocate(red, "pod", Duration.ofSeconds(20)));
        while (!waiting.isDone()) {
            drain();
        }
        assertThatThrownBy(() -> waiting.get(1, TimeUnit.SECONDS))
                .hasMessageContaining("required IPv4 PodCIDR not available in IP pool red: the ipam service says")
                .hasMessageContaining("pool: red");
        int asked = ipam.added.size();
        pass(Duration.ofMinutes(5));
        assertThat(ipam.added).hasSize(asked);
        assertThat(registered.held().holdings().now().asked()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.244.5.0", "fd00::/64", "10.244.5.0/31", "10.244.1.0/24", "nonsense"})
    void anAnswerThatIsNoBlockIsSaidAndNothingIsTaken(String answer) {
        if (answer.isEmpty()) {
            ipam.addFails = Status.INTERNAL.withDescription("an error");
        } else {
            gives(answer);
        }
        allocate(10);
        assertThat(controller.state().lastError()).startsWith("another block for IPv4 of pool default: ");
        assertThat(blocks()).containsExactly("10.244.1.0/28");
    }

    @Test
    void aClusterThatForgotTheNodeIsToldAgain() {
        served.set(false);
        pass(Duration.ofSeconds(10));
        assertThat(lost).hasValue(0);
        pass(Duration.ofSeconds(15));
        assertThat(lost).hasValue(1);
        served.set(true);
        pass(Duration.ofMinutes(1));
        assertThat(lost).hasValue(1);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {21, 22, 23, 24, 25, 26})
    void overRandomPodsFailuresAndRestartsNoAddressIsGivenOfABlockTheNodeDoesNotHave(long seed) throws Exception {
        Random random = new Random(seed);
        for (int i = 2; i < 200; i++) {
            gives("10.244." + i + ".0/28");
        }
        Map<Ip, String> pods = new HashMap<>();
        for (int i = 0; i < 400; i++) {
            ipam.addFails = random.nextInt(10) == 0 ? Status.UNAVAILABLE : Status.OK;
            ipam.returnFails = random.nextInt(4) == 0 ? Status.UNAVAILABLE : Status.OK;
            ipam.loseAnswers = random.nextInt(8) == 0;
            boolean grow = (i / 100) % 2 == 0;
            if (random.nextInt(10) < (grow ? 8 : 2)) {
                try {
                    Ip ip = pool.allocate(Ip.Family.V4, "pod");
                    assertThat(pods.put(ip, "pod")).as("seed " + seed).isNull();
                    assertThat(registered.held().holdings().now().podCidrs())
                            .as("seed " + seed + ", block of " + ip)
                            .anyMatch(cidr -> cidr.contains(ip));
                } catch (EndpointException e) {
                    assertThat(e).hasMessageContaining("range is full");
                }
            } else if (!pods.isEmpty()) {
                Ip ip = pods.keySet().iterator().next();
                pods.remove(ip);
                pool.release(ip, "pod");
            }
            drain();
            pass(Duration.ofSeconds(random.nextInt(60)));
            for (Ip ip : pods.keySet()) {
                assertThat(registered.held().holdings().now().podCidrs())
                        .as("seed " + seed + ", block of " + ip)
                        .anyMatch(cidr -> cidr.contains(ip));
            }
            if (random.nextInt(60) == 0) {
                // the service gives what the node says it has
                ipam.gives = blocks();
                start();
                pods.keySet().forEach(ip -> pool.restore(ip, "pod"));
            }
        }
    }
}
