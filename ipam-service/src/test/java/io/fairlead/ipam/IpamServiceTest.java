package io.fairlead.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.progress.ProgressWriter;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.proto.ipam.v1.AddPodCidrRequest;
import io.fairlead.proto.ipam.v1.AddPodCidrResponse;
import io.fairlead.proto.ipam.v1.AddPoolCidrsRequest;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc.IpamServiceBlockingStub;
import io.fairlead.proto.ipam.v1.ListNodesRequest;
import io.fairlead.proto.ipam.v1.ListPoolsRequest;
import io.fairlead.proto.ipam.v1.ListWithheldRequest;
import io.fairlead.proto.ipam.v1.Node;
import io.fairlead.proto.ipam.v1.NodeAddress;
import io.fairlead.proto.ipam.v1.Pool;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.fairlead.proto.ipam.v1.ReleaseNodeRequest;
import io.fairlead.proto.ipam.v1.ReturnPodCidrRequest;
import io.fairlead.proto.ipam.v1.WithheldCidr;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes on a real etcd, killed in the middle of their work. */
@Tag("etcd")
class IpamServiceTest {
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
    void nodesKeepTheirCidrsThroughReplicasKilledAtWork() throws Exception {
        int portA = freePort();
        Process a = replica(portA);
        int portB = freePort();
        replica(portB);
        IpamServiceBlockingStub first = stub(portA);
        IpamServiceBlockingStub second = stub(portB);
        for (int i = 0; i < 10; i++) {
            register(i % 2 == 0 ? first : second, i);
        }
        Thread killer = new Thread(a::destroyForcibly);
        for (int i = 10; i < 60; i++) {
            if (i == 30) {
                killer.start();
            }
            try {
                register(first, i);
            } catch (StatusRuntimeException e) {
                // killed: whether it took effect is open, and must not matter
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            }
        }
        killer.join();
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < 60; i++) {
            String cidr = register(second, i);
            assertThat(given.put(cidr, "n" + i)).as(cidr).isNull();
        }
        List<Node> nodes =
                second.listNodes(ListNodesRequest.getDefaultInstance()).getNodesList();
        assertThat(nodes)
                .hasSize(60)
                .isSortedAccordingTo((x, y) -> x.getNodeName().compareTo(y.getNodeName()));
        nodes.forEach(node -> assertThat(given).containsEntry(node.getPodCidrs(0), node.getNodeName()));
        etcd.kill9();
        etcd.restart();
        assertThat(given).containsEntry(eventually(() -> register(second, 7)), "n7");
        assertThat(second.releaseNode(ReleaseNodeRequest.newBuilder()
                                .setNodeName("n7")
                                .build())
                        .getReleased())
                .isTrue();
    }

    @Test
    void mistakesAnswerWithTheStatusTheContractNames() throws Exception {
        int port = freePort();
        replica(port, "--cluster-pool-ipv4-cidr=10.244.0.0/24");
        IpamServiceBlockingStub stub = stub(port);
        assertThat(register(stub, 1)).isEqualTo("10.244.0.0/24");
        assertThatThrownBy(() -> register(stub, 2)).hasMessageContaining("RESOURCE_EXHAUSTED: allocator full");
        assertThatThrownBy(() -> stub.registerNode(
                        request(2).addRequestedPodCidrs("10.244.0.0/24").build()))
                .hasMessageContaining("ALREADY_EXISTS: requested CIDR (10.244.0.0/24) is already allocated");
        assertThatThrownBy(() -> stub.registerNode(
                        request(2).addRequestedPodCidrs("10.244.0.0/2x").build()))
                .hasMessageContaining("INVALID_ARGUMENT: requested_pod_cidrs: CIDR: \"10.244.0.0/2x\"");
        assertThatThrownBy(() -> stub.registerNode(request(2).setNodeName("N 2").build()))
                .hasMessageContaining("INVALID_ARGUMENT: node_name: node name: \"N 2\"");
        assertThatThrownBy(() -> stub.registerNode(request(2).addLabels("=x").build()))
                .hasMessageContaining("INVALID_ARGUMENT: labels: \"=x\" (expected: key=value)");
        assertThatThrownBy(() ->
                        stub.registerNode(request(2).setHealthIpv4("fd00::1").build()))
                .hasMessageContaining("INVALID_ARGUMENT: health_ipv4: fd00::1");
        assertThatThrownBy(() -> stub.registerNode(request(2)
                        .addAddresses(NodeAddress.newBuilder().setIp("10.0.0.9"))
                        .build()))
                .hasMessageContaining("INVALID_ARGUMENT: addresses: type of 10.0.0.9");
    }

    @Test
    void aReplicaWithAnotherMaskSizeDoesNotStart() throws Exception {
        int port = freePort();
        replica(port);
        register(stub(port), 1);
        Process other = launch(freePort(), "--cluster-pool-ipv4-mask-size=26");
        assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(other.exitValue()).isEqualTo(1);
    }

    @Test
    void bothFamiliesMoreBlocksPoolsAndWaitingWorkOverTheWire() throws Exception {
        int port = freePort();
        replica(port, "--cluster-pool-ipv6-cidr=fd00:10:244::/48");
        int second = freePort();
        replica(second, "--cluster-pool-ipv6-cidr=fd00:10:244::/48");
        IpamServiceBlockingStub stub = stub(port);
        RegisterNodeResponse first = stub.registerNode(both(1).setWaitMs(5000).build());
        assertThat(first.getPodCidrsList()).containsExactly("10.244.0.0/24", "fd00:10:244::/120");
        assertThat(first.getReachable()).isTrue();
        RegisterNodeResponse late = stub.registerNode(both(2).setWaitMs(50).build());
        assertThat(late.getReachable()).isFalse();
        assertThat(late.getLate(0).getReason()).isEqualTo("not connected");
        AddPodCidrRequest more = AddPodCidrRequest.newBuilder()
                .setNodeName("n1")
                .setIpVersion(4)
                .setRequestId("a")
                .build();
        AddPodCidrResponse added = stub.addPodCidr(more);
        assertThat(stub(second).addPodCidr(more)).isEqualTo(added);
        assertThat(added.getPodCidr()).isEqualTo("10.244.2.0/24");
        ReturnPodCidrRequest back = ReturnPodCidrRequest.newBuilder()
                .setNodeName("n1")
                .setPodCidr(added.getPodCidr())
                .build();
        assertThat(stub.returnPodCidr(back).getReturned()).isTrue();
        assertThat(stub.returnPodCidr(back).getReturned()).isFalse();
        WithheldCidr withheld = eventually(() -> only(stub));
        assertThat(withheld.getWaitingForList()).containsExactly("n2");
        assertThat(withheld.getNodeName()).isEqualTo("n1");
        progressOf(
                "n2",
                withheld.getRevision(),
                () -> until(() -> stub.listWithheld(ListWithheldRequest.getDefaultInstance())
                                .getCidrsCount()
                        == 0));
        stub.addPoolCidrs(AddPoolCidrsRequest.newBuilder()
                .setPool("blue")
                .addCidrs("10.9.0.0/16")
                .setMaskSize(26)
                .build());
        assertThat(stub(second).registerNode(both(3).setPool("blue").build()).getPodCidrsList())
                .containsExactly("10.9.0.0/26");
        assertThat(stub(second).listPools(ListPoolsRequest.getDefaultInstance()).getPoolsList())
                .extracting(Pool::getName)
                .containsExactly("blue", "default");
        assertThatThrownBy(
                        () -> stub.addPodCidr(more.toBuilder().setRequestId("").build()))
                .hasMessageContaining("INVALID_ARGUMENT: request_id: \"\"");
        assertThatThrownBy(
                        () -> stub.addPodCidr(more.toBuilder().setIpVersion(5).build()))
                .hasMessageContaining("INVALID_ARGUMENT: ip_version: 5 (expected: 4 or 6)");
        assertThatThrownBy(() -> stub.addPodCidr(
                        more.toBuilder().setPool("green").setRequestId("b").build()))
                .hasMessageContaining("NOT_FOUND: pool: green (expected: one of these: blue, default)");
    }

    private static RegisterNodeRequest.Builder both(int number) {
        return request(number)
                .addAddresses(NodeAddress.newBuilder()
                        .setType(NodeAddress.Type.TYPE_INTERNAL_IP)
                        .setIp("fd01::" + (10 + number)));
    }

    private static WithheldCidr only(IpamServiceBlockingStub stub) {
        return stub.listWithheld(ListWithheldRequest.getDefaultInstance()).getCidrsList().stream()
                .findFirst()
                .orElseThrow(() -> Status.NOT_FOUND.asRuntimeException());
    }

    /** Says to the store, as a distributor does, that a node has everything up to a revision. */
    private void progressOf(String node, long revision, Runnable during) {
        KvStore store = new EtcdKvStore(EtcdOptions.of(List.of("http://" + etcd.endpoint())));
        ProgressWriter.Snapshot snapshot = new ProgressWriter.Snapshot(
                "e", revision, List.of(new ProgressWriter.Node(new NodeName(node), revision, Map.of())));
        ProgressWriter writer = new ProgressWriter(
                store, OwnKeys.Table.ROUTES, "r1", () -> io.vertx.core.Future.succeededFuture(snapshot));
        try {
            writer.changed();
            during.run();
        } finally {
            writer.close();
            store.close();
        }
    }

    private static void until(java.util.function.BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(25));
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(5_000_000);
        }
    }

    private static String register(IpamServiceBlockingStub stub, int number) {
        return stub.registerNode(request(number).build()).getPodCidrs(0);
    }

    private static RegisterNodeRequest.Builder request(int number) {
        return RegisterNodeRequest.newBuilder()
                .setNodeName("n" + number)
                .addAddresses(NodeAddress.newBuilder()
                        .setType(NodeAddress.Type.TYPE_INTERNAL_IP)
                        .setIp("192.168.2." + (10 + number)));
    }

    private Process replica(int port, String... more) {
        Process process = launch(port, more);
        eventually(() ->
                stub(port).listNodes(ListNodesRequest.getDefaultInstance()).getNodesCount());
        return process;
    }

    private Process launch(int port, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--listen-address=127.0.0.1:" + port,
                "--health-listen-address=127.0.0.1:0",
                "--kvstore-opt=etcd.address=http://" + etcd.endpoint()));
        arguments.addAll(List.of(more));
        try {
            Process process = JavaProcess.start(IpamServiceMain.class, logs.resolve(port + ".log"), arguments);
            processes.add(process);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private IpamServiceBlockingStub stub(int port) {
        ManagedChannel channel = Channels.tcp(new HostPort("127.0.0.1", port), Duration.ofSeconds(5));
        channels.add(channel);
        return IpamServiceGrpc.newBlockingStub(channel);
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
