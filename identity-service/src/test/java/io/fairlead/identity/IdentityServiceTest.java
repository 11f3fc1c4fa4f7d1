package io.fairlead.identity;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.proto.identity.v1.AllocateIdentityRequest;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc.IdentityServiceBlockingStub;
import io.fairlead.proto.identity.v1.PublishEndpointRequest;
import io.fairlead.proto.identity.v1.ReleaseIdentityRequest;
import io.fairlead.proto.identity.v1.WithdrawEndpointRequest;
import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.process.testing.JavaProcess;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes on a real etcd, killed in the middle of their work. */
@Tag("etcd")
class IdentityServiceTest {
    private final List<Process> processes = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private EtcdProcess etcd;

    @TempDir
    Path logs;

    @BeforeEach
    void start() {
        etcd = EtcdProcess.start();
    }

    @AfterEach
    void stop() throws Exception {
        channels.forEach(ManagedChannel::shutdownNow);
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
        etcd.close();
    }

    @Test
    void labelSetsKeepTheirNumbersThroughReplicasKilledAtWork() throws Exception {
        int portA = freePort();
        Process a = replica(portA);
        int portB = freePort();
        replica(portB);
        IdentityServiceBlockingStub first = stub(portA);
        IdentityServiceBlockingStub second = stub(portB);
        Map<String, Integer> given = new HashMap<>();
        Thread killer = new Thread(a::destroyForcibly);
        for (int i = 0; i < 120; i++) {
            if (i == 60) {
                killer.start();
            }
            String labels = "k8s:app=" + i % 80;
            try {
                int number = allocate(first, "dev1", labels);
                assertThat(given.merge(labels, number, (before, now) -> before)).isEqualTo(number);
            } catch (StatusRuntimeException e) {
                // killed: whether it took effect is open, and must not matter
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            }
        }
        killer.join();
        for (int i = 0; i < 80; i++) {
            String labels = "k8s:app=" + i;
            int number = allocate(second, "dev2", labels);
            assertThat(given.merge(labels, number, (before, now) -> before)).isEqualTo(number);
        }
        assertThat(given.values()).doesNotHaveDuplicates().hasSize(80);
        etcd.kill9();
        etcd.restart();
        assertThat(eventually(() -> allocate(second, "dev2", "k8s:app=7"))).isEqualTo(given.get("k8s:app=7"));
    }

    @Test
    void endpointsComeAndGoAndMistakesAnswerWithTheStatusTheContractNames() throws Exception {
        int port = freePort();
        replica(port, "--labels=k8s:!team");
        IdentityServiceBlockingStub stub = stub(port);
        int number = allocate(stub, "dev1", "k8s:app=web", "k8s:team=a");
        assertThat(allocate(stub, "dev2", "k8s:app=web")).isEqualTo(number);
        PublishEndpointRequest endpoint = PublishEndpointRequest.newBuilder()
                .setNodeName("dev1")
                .setIp("10.244.0.7")
                .setIdentity(number)
                .setHostIp("192.168.2.31")
                .build();
        assertThat(stub.publishEndpoint(endpoint).getRevision()).isPositive();
        assertThat(stub.withdrawEndpoint(withdraw("192.168.2.32")).getWithdrawn())
                .isFalse();
        assertThat(stub.withdrawEndpoint(withdraw("192.168.2.31")).getWithdrawn())
                .isTrue();
        assertThat(stub.releaseIdentity(ReleaseIdentityRequest.newBuilder()
                        .setNodeName("dev1")
                        .setIdentity(number)
                        .build()))
                .isNotNull();
        assertThatThrownBy(() -> stub.publishEndpoint(
                        endpoint.toBuilder().setIdentity(number ^ 1).build()))
                .hasMessageContaining("NOT_FOUND: identity: ");
        assertThatThrownBy(() -> stub.publishEndpoint(
                        endpoint.toBuilder().setIp("10.244.0.7/32").build()))
                .hasMessageContaining("INVALID_ARGUMENT: ip: address: \"10.244.0.7/32\"");
        assertThatThrownBy(() -> allocate(stub, "Dev 1", "k8s:app=web"))
                .hasMessageContaining("INVALID_ARGUMENT: node name: \"Dev 1\"");
        assertThatThrownBy(() -> allocate(stub, "dev1", "k8s:=web")).hasMessageContaining("INVALID_ARGUMENT: label");
    }

    @Test
    void whatNobodyUsesIsTakenBackByTheProcessAndWhatReleasedNodesLeftIsRemoved() throws Exception {
        int port = freePort();
        replica(port, "--identity-gc-interval=1s", "--node-release-grace=1s");
        replica(freePort(), "--identity-gc-interval=1s", "--node-release-grace=1s");
        try (EtcdKvStore store = new EtcdKvStore(EtcdOptions.parse(etcd.endpoint()))) {
            IdentityServiceBlockingStub stub = stub(port);
            await(store.commit(Txn.of(Op.put("cilium/state/nodes/v1/default/dev1", "{\"Name\":\"dev1\"}"))));
            int kept = allocate(stub, "dev1", "k8s:app=kept");
            allocate(stub, "dev2", "k8s:app=gone");
            String ids = "cilium/state/identities/v1/id/";
            eventuallyTrue(() -> {
                List<String> left = new ArrayList<>();
                await(store.list(ids)).entries().forEach(entry -> left.add(entry.key()));
                return left.equals(List.of(ids + kept))
                        && await(store.list("fairlead/identity/v1/labels/"))
                                        .entries()
                                        .size()
                                == 1;
            });
            assertThat(await(store.list("cilium/state/identities/v1/value/")).entries())
                    .hasSize(1);
            assertThat(allocate(stub, "dev1", "k8s:app=kept")).isEqualTo(kept);
        }
    }

    /** As trees they would fill the heap several times over; while they are read, others are answered. */
    @Test
    @Timeout(180)
    void manyLargePoliciesAreToldToNodesByASmallProcessThatStillAnswers() throws Exception {
        int port = freePort();
        Process process = replica(port);
        IdentityServiceBlockingStub others = stub(port);
        AtomicBoolean done = new AtomicBoolean();
        AtomicLong slowest = new AtomicLong();
        Thread asker = new Thread(() -> {
            while (!done.get()) {
                long start = System.nanoTime();
                allocate(others, "ready", "reserved:health");
                slowest.accumulateAndGet(System.nanoTime() - start, Math::max);
                LockSupport.parkNanos(5_000_000);
            }
        });
        asker.start();
        LargePolicies node = new LargePolicies(stubFor(port));
        for (int i = 0; i < 24; i++) {
            apply(port, LargePolicies.document("big" + i, i));
        }
        eventuallyTrue(() -> node.names().size() == 24);
        // a newcomer, and a replica that finds all of them at once
        LargePolicies newcomer = new LargePolicies(stubFor(port));
        eventuallyTrue(() -> newcomer.names().size() == 24);
        int second = freePort();
        Process late = replica(second);
        LargePolicies there = new LargePolicies(stubFor(second));
        eventuallyTrue(() -> there.names().size() == 24);
        done.set(true);
        asker.join();
        assertThat(process.isAlive()).isTrue();
        assertThat(late.isAlive()).isTrue();
        assertThat(Duration.ofNanos(slowest.get())).isLessThan(Duration.ofSeconds(2));
    }

    private void apply(int port, String document) {
        PolicyServiceGrpc.newBlockingStub(channel(port))
                .applyPolicies(ApplyPoliciesRequest.newBuilder()
                        .setDocuments(document)
                        .setWaitMs(1)
                        .build());
    }

    private IdentityServiceGrpc.IdentityServiceStub stubFor(int port) {
        return IdentityServiceGrpc.newStub(channel(port));
    }

    private static void eventuallyTrue(java.util.function.BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(25));
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(5_000_000);
        }
    }

    private static WithdrawEndpointRequest withdraw(String host) {
        return WithdrawEndpointRequest.newBuilder()
                .setNodeName("dev1")
                .setIp("10.244.0.7")
                .setHostIp(host)
                .build();
    }

    private static int allocate(IdentityServiceBlockingStub stub, String node, String... labels) {
        return stub.allocateIdentity(AllocateIdentityRequest.newBuilder()
                        .setNodeName(node)
                        .addAllLabels(List.of(labels))
                        .build())
                .getIdentity();
    }

    private Process replica(int port, String... more) {
        Process process = launch(port, more);
        eventually(() -> allocate(stub(port), "ready", "reserved:health"));
        return process;
    }

    private Process launch(int port, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--listen-address=127.0.0.1:" + port,
                "--health-listen-address=127.0.0.1:0",
                "--kvstore-opt=etcd.address=http://" + etcd.endpoint()));
        arguments.addAll(List.of(more));
        try {
            Process process = JavaProcess.start(IdentityServiceMain.class, logs.resolve(port + ".log"), arguments);
            processes.add(process);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private IdentityServiceBlockingStub stub(int port) {
        return IdentityServiceGrpc.newBlockingStub(channel(port));
    }

    private ManagedChannel channel(int port) {
        ManagedChannel channel = Channels.tcp(new HostPort("127.0.0.1", port), Duration.ofSeconds(5));
        channels.add(channel);
        return channel;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static <T> T eventually(java.util.function.Supplier<T> call) {
        Instant end = Instant.now().plus(Duration.ofSeconds(25));
        while (true) {
            try {
                return call.get();
            } catch (StatusRuntimeException e) {
                if (Instant.now().isAfter(end)) {
                    throw e;
                }
                LockSupport.parkNanos(20_000_000);
            }
        }
    }
}
