package io.fairlead.node.explain.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.fairlead.contract.Ip;
import io.fairlead.node.explain.Explanation;
import io.fairlead.node.explain.FakeNode;
import io.fairlead.node.explain.Packet;
import io.fairlead.node.explain.Protocol;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.bpf.Explained.Onward;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceBlockingStub;
import io.fairlead.proto.agent.v1.ExplainRequest;
import io.fairlead.proto.agent.v1.GetStatusRequest;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.tls.Guard;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PeerServerTest {
    private static final Packet PACKET =
            new Packet(Ip.parse("10.244.3.12"), Ip.parse("10.244.1.10"), Protocol.TCP, 40000, 80, 63);

    private final FakeNode node = new FakeNode();
    private final AtomicBoolean known = new AtomicBoolean(true);
    private PeerServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        node.programs.put(new Hook("ens33", Direction.INGRESS), FakeNode.forwards("from_netdev", Onward.TO_ENDPOINT));
        server = PeerServer.start(new HostPort("127.0.0.1", 0), node.explainer(), ip -> known.get(), Guard.open());
        channel = Channels.tcp(new HostPort("127.0.0.1", server.port()), Duration.ofSeconds(5));
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    private AgentServiceBlockingStub stub() {
        return AgentServiceGrpc.newBlockingStub(channel);
    }

    @Test
    void aPacketThatArrivesIsExplainedToTheNodeItComesFrom() {
        Explanation explanation =
                new PeerClient(server.port(), Optional.empty()).arriving(Ip.parse("127.0.0.1"), PACKET);
        assertThat(explanation.allowed()).isTrue();
        assertThat(explanation.hops()).hasSize(1);
        assertThat(explanation.hops().get(0).decisions().get(0).text())
                .isEqualTo("10.244.3.12:40000 -> 10.244.1.10:80 TCP SYN, TTL 63");
    }

    @Test
    void nothingElseIsAnswered() {
        assertThatThrownBy(() -> stub().getStatus(GetStatusRequest.getDefaultInstance()))
                .hasMessageStartingWith("UNIMPLEMENTED");
        assertThatThrownBy(() -> stub().explain(ExplainRequest.newBuilder()
                        .setSource("10")
                        .setDestination("world")
                        .build()))
                .hasMessageContaining("INVALID_ARGUMENT: arriving: false");
        assertThatThrownBy(() -> stub().explain(ExplainRequest.newBuilder()
                        .setArriving(true)
                        .setPacket(ByteString.copyFrom(new byte[] {0x45, 0, 0}))
                        .build()))
                .hasMessageContaining("INVALID_ARGUMENT: packet: 3 bytes");
        assertThatThrownBy(() -> stub().explain(ExplainRequest.newBuilder()
                        .setArriving(true)
                        .setPacket(ByteString.copyFrom(new byte[100_000]))
                        .build()))
                .isInstanceOf(io.grpc.StatusRuntimeException.class);
    }

    @Test
    void whoIsNoNodeIsRefused() {
        known.set(false);
        assertThatThrownBy(
                        () -> new PeerClient(server.port(), Optional.empty()).arriving(Ip.parse("127.0.0.1"), PACKET))
                .hasMessageContaining("PERMISSION_DENIED");
    }

    @Test
    void aNodeThatDoesNotAnswerIsNamed() {
        int port = server.port();
        server.close();
        assertThatThrownBy(() -> new PeerClient(port, Optional.empty()).arriving(Ip.parse("127.0.0.1"), PACKET))
                .hasMessageContaining(
                        "the packet goes on to node 127.0.0.1, whose agent at 127.0.0.1:" + port + " cannot be asked");
    }
}
