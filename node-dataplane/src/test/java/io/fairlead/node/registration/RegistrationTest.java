package io.fairlead.node.registration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.Served;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.PodBlock;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.runtime.retry.Backoff;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistrationTest {
    private static final NodeName NAME = new NodeName("dev1");
    private static final Ip ADDRESS = Ip.parse("192.168.2.31");
    private static final Wanted WANTED = new Wanted(NAME, List.of(ADDRESS), Set.of(Ip.Family.V4), "default", List.of());
    private static final Wanted DUAL = new Wanted(
            NAME, List.of(ADDRESS, Ip.parse("fd02::31")), Set.of(Ip.Family.V4, Ip.Family.V6), "default", List.of());

    @TempDir
    private Path directory;

    private final Controller controller = new Controllers(Clock.systemUTC()).get("node-registration");
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final FakeIpam ipam = new FakeIpam();
    private Served served;

    @BeforeEach
    void serve() throws Exception {
        served = new Served(directory, ipam);
    }

    @AfterEach
    void stop() throws Exception {
        executor.shutdownNow();
        served.close();
    }

    @Test
    void aNewNodeWaitsForItsCidrAndTellsItsRouter() throws Exception {
        ipam.failures.set(2);
        LocalNode node = register();
        assertThat(node.podCidrs()).containsExactly(Cidr.parse("10.244.1.0/24"));
        assertThat(node.routers()).containsExactly(Ip.parse("10.244.1.1"));
        assertThat(ipam.asked).hasSize(4);
        assertThat(ipam.asked.get(3).getAddressesList())
                .extracting(address -> address.getIp())
                .containsExactly("192.168.2.31", "10.244.1.1");
        assertThat(ipam.asked.get(3).getRequestedPodCidrsList()).containsExactly("10.244.1.0/24");
        assertThat(controller.state().consecutiveFailures()).isZero();
        assertThat(controller.state().lastFailure()).isPresent();
    }

    @Test
    void aServiceThatGivesNothingIsAskedAgain() throws Exception {
        ipam.gives = List.of();
        executor.execute(() -> {
            await(() -> controller.state().lastError().contains("expected: at least one"));
            ipam.gives = List.of("10.244.1.0/24");
        });
        assertThat(register().podCidrs()).hasSize(1);
    }

    @Test
    void aRestartedNodeNeedsNoServiceAndConfirmsLater() throws Exception {
        LocalNode first = register();
        ipam.asked.clear();
        ipam.failures.set(3);
        assertThat(register()).isEqualTo(first);
        await(() -> ipam.asked.size() == 4 && controller.state().consecutiveFailures() == 0);
    }

    @Test
    void otherCidrsThanThePodsHaveAreNotTakenAndSaid() throws Exception {
        LocalNode first = register();
        ipam.gives = List.of("10.244.9.0/24");
        assertThat(register()).isEqualTo(first);
        await(() -> controller.state().lastError().contains("10.244.9.0/24"));
        assertThat(controller.state().lastError()).contains("10.244.1.0/24", "expected: the same");
        ipam.gives = List.of("10.244.1.0/24");
        await(() -> controller.state().consecutiveFailures() == 0);
    }

    @Test
    void aNodeOfBothFamiliesRegistersBothAddressesAndGetsBothBlocks() throws Exception {
        ipam.gives = List.of("10.244.1.0/24", "fd00:1::/64");
        Registration.Registered registered = register(DUAL);
        LocalNode node = registered.node();
        assertThat(node.addresses()).containsExactly(ADDRESS, Ip.parse("fd02::31"));
        assertThat(node.routers()).containsExactly(Ip.parse("10.244.1.1"), Ip.parse("fd00:1::1"));
        assertThat(ipam.asked.get(0).getIpVersionsList()).containsExactly(4, 6);
        assertThat(ipam.asked.get(1).getAddressesList())
                .extracting(address -> address.getIp())
                .containsExactly("192.168.2.31", "fd02::31", "10.244.1.1", "fd00:1::1");
        assertThat(register(DUAL).node()).as("after a restart").isEqualTo(node);
    }

    @Test
    void aNodeThatIsToHaveIpv6TooWaitsForABlockAndKeepsWhatItHas() throws Exception {
        register();
        ipam.asked.clear();
        executor.execute(() -> {
            await(() -> controller.state().lastError().contains("expected: at least one of IPv6"));
            ipam.gives = List.of("10.244.1.0/24", "fd00:1::/64");
        });
        LocalNode node = register(DUAL).node();
        assertThat(node.podCidrs()).containsExactly(Cidr.parse("10.244.1.0/24"), Cidr.parse("fd00:1::/64"));
        assertThat(ipam.asked.get(0).getRequestedPodCidrsList()).containsExactly("10.244.1.0/24");
        assertThat(register().podCidrs()).as("IPv6 turned off again").containsExactly(Cidr.parse("10.244.1.0/24"));
    }

    @Test
    void aRouterOfTheDeviceIsKeptWhereItFits() throws Exception {
        assertThat(register(on("10.244.1.77")).node().routers()).containsExactly(Ip.parse("10.244.1.77"));
        assertThat(register(on("10.244.1.9")).node().routers())
                .as("the file's comes first")
                .containsExactly(Ip.parse("10.244.1.77"));
    }

    @Test
    void aRestoredRouterOutsideAllPodCidrsIsDiscarded() throws Exception {
        assertThat(register(on("10.9.9.1", "10.244.1.0")).node().routers()).containsExactly(Ip.parse("10.244.1.1"));
    }

    @Test
    void blocksTheServiceKnowsOfAndTheNodeDoesNotAreTakenWithTheirPools() throws Exception {
        register();
        ipam.gives = List.of("10.244.1.0/24", "10.99.3.0/26");
        Registration.Registered again = register(WANTED);
        await(() -> again.held().holdings().now().blocks().size() == 2);
        assertThat(again.held().holdings().now().blocks())
                .containsExactly(
                        new PodBlock(Cidr.parse("10.244.1.0/24")), new PodBlock(Cidr.parse("10.99.3.0/26"), "blue"));
        assertThat(register(WANTED).blocks()).as("on disk").hasSize(2);
    }

    @Test
    void everyBlockOnDiskIsAskedForAfterARestart() throws Exception {
        register();
        ipam.gives = List.of("10.244.1.0/24", "10.99.3.0/26");
        Registration.Registered again = register(WANTED);
        await(() -> again.held().holdings().now().blocks().size() == 2);
        ipam.asked.clear();
        register();
        await(() -> !ipam.asked.isEmpty());
        assertThat(ipam.asked.get(0).getRequestedPodCidrsList()).containsExactly("10.244.1.0/24", "10.99.3.0/26");
    }

    private LocalNode register() throws InterruptedException {
        return register(WANTED).node();
    }

    private static Wanted on(String... onDevice) {
        return new Wanted(
                NAME,
                List.of(ADDRESS),
                Set.of(Ip.Family.V4),
                "default",
                Stream.of(onDevice).map(Ip::parse).toList());
    }

    private Registration.Registered register(Wanted wanted) throws InterruptedException {
        return new Registration(
                        IpamServiceGrpc.newBlockingStub(served.channel()),
                        directory,
                        controller,
                        new Backoff(Duration.ofMillis(5), Duration.ofMillis(20), new Random(1)))
                .register(wanted, executor);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
