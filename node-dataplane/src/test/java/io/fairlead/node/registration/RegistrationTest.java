package io.fairlead.node.registration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.Served;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistrationTest {
    private static final NodeName NAME = new NodeName("dev1");
    private static final Ip ADDRESS = Ip.parse("192.168.2.31");

    @TempDir
    private Path directory;

    private final Controller controller = new Controllers(Clock.systemUTC()).get("node-registration");
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final Ipam ipam = new Ipam();
    private Served served;

    private static final class Ipam extends IpamServiceGrpc.IpamServiceImplBase {
        final List<RegisterNodeRequest> asked = new CopyOnWriteArrayList<>();
        final AtomicInteger failures = new AtomicInteger();
        volatile List<String> gives = List.of("10.244.1.0/24");

        @Override
        public void registerNode(RegisterNodeRequest request, StreamObserver<RegisterNodeResponse> to) {
            asked.add(request);
            if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                to.onError(Status.RESOURCE_EXHAUSTED
                        .withDescription("allocator full")
                        .asRuntimeException());
                return;
            }
            to.onNext(RegisterNodeResponse.newBuilder()
                    .addAllPodCidrs(gives)
                    .setClusterName("default")
                    .build());
            to.onCompleted();
        }
    }

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

    private LocalNode register() throws InterruptedException {
        return new Registration(
                        IpamServiceGrpc.newBlockingStub(served.channel()),
                        directory,
                        controller,
                        new Backoff(Duration.ofMillis(5), Duration.ofMillis(20), new Random(1)))
                .register(NAME, ADDRESS, executor);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
