package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.cli.client.FakeAgent;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.fairlead.proto.agent.v1.BpfConnection;
import io.fairlead.proto.agent.v1.BpfNatEntry;
import io.fairlead.proto.agent.v1.FlushBpfCtResponse;
import io.fairlead.proto.agent.v1.ListBpfCtRequest;
import io.fairlead.proto.agent.v1.ListBpfCtResponse;
import io.fairlead.proto.agent.v1.ListBpfNatResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionCommandsTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path directory;

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = new FakeAgent(directory.resolve("agent.sock"))
                .answer(connections())
                .answer(FlushBpfCtResponse.newBuilder().setRemoved(12).build())
                .answer(translations());
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    private static ListBpfCtResponse connections() {
        return ListBpfCtResponse.newBuilder()
                .addConnections(BpfConnection.newBuilder()
                        .setProtocol(6)
                        .setDirection("IN")
                        .setSrc("10.244.0.102")
                        .setSrcPort(41234)
                        .setDst("10.244.0.25")
                        .setDstPort(80)
                        .setExpires(17000)
                        .setRemaining(9)
                        .setRxPackets(4)
                        .setRxBytes(331)
                        .setRxFlagsSeen(0x1b)
                        .setLastRxReport(16990)
                        .setTxPackets(3)
                        .setTxBytes(1205)
                        .setTxFlagsSeen(0x13)
                        .setLastTxReport(16989)
                        .setFlags(0x13)
                        .addAllFlagNames(List.of("RxClosing", "TxClosing", "SeenNonSyn"))
                        .setSrcIdentity(22099))
                .addConnections(BpfConnection.newBuilder()
                        .setProtocol(58)
                        .setDirection("OUT")
                        .setSrc("fd00::66")
                        .setSrcPort(7)
                        .setDst("fd00::1:5")
                        .setRxBytes(-1)
                        .setSrcIdentity(1 << 24))
                .addConnections(BpfConnection.newBuilder()
                        .setProtocol(132)
                        .setDirection("OUT")
                        .setSrc("10.0.0.1")
                        .setDst("10.0.0.2"))
                .build();
    }

    private static ListBpfNatResponse translations() {
        return ListBpfNatResponse.newBuilder()
                .addEntries(BpfNatEntry.newBuilder()
                        .setProtocol(6)
                        .setDirection("OUT")
                        .setSrc("10.244.0.25")
                        .setSrcPort(41000)
                        .setDst("1.1.1.1")
                        .setDstPort(443)
                        .setTo("192.168.2.31")
                        .setToPort(41000)
                        .setAge(12))
                .addEntries(BpfNatEntry.newBuilder()
                        .setProtocol(17)
                        .setDirection("IN")
                        .setSrc("2001:db8::1")
                        .setSrcPort(53)
                        .setDst("fd01::31")
                        .setDstPort(40000)
                        .setTo("fd01::31")
                        .setToPort(40000)
                        .setHostLocal(true))
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bpf ct list", "bpf ct list global", "bpf ct list 149"})
    void connectionsAreLinesAsCiliumHasThem(String command) {
        assertThat(run(command)).isEqualTo(new CommandRun(FairleadCli.OK, """
                        TCP IN 10.244.0.102:41234 -> 10.244.0.25:80 expires=17000 RxPackets=4 RxBytes=331 \
                        RxFlagsSeen=0x1b LastRxReport=16990 TxPackets=3 TxBytes=1205 TxFlagsSeen=0x13 \
                        LastTxReport=16989 Flags=0x0013 [ RxClosing TxClosing SeenNonSyn ] RevNAT=0 \
                        SourceSecurityID=22099 IfIndex=0
                        ICMPv6 OUT [fd00::66]:7 -> [fd00::1:5]:0 expires=0 RxPackets=0 RxBytes=18446744073709551615 \
                        RxFlagsSeen=0x00 LastRxReport=0 TxPackets=0 TxBytes=0 TxFlagsSeen=0x00 LastTxReport=0 \
                        Flags=0x0000 [ ] RevNAT=0 SourceSecurityID=16777216 IfIndex=0
                        SCTP OUT 10.0.0.1:0 -> 10.0.0.2:0 expires=0 RxPackets=0 RxBytes=0 RxFlagsSeen=0x00 \
                        LastRxReport=0 TxPackets=0 TxBytes=0 TxFlagsSeen=0x00 LastTxReport=0 Flags=0x0000 [ ] \
                        RevNAT=0 SourceSecurityID=0 IfIndex=0
                        """, ""));
    }

    @Test
    void connectionsInJsonHaveNumbersAndNames() throws IOException {
        JsonNode json = MAPPER.readTree(run("bpf ct list -o json").out());
        assertThat(json).hasSize(3);
        assertThat(json.get(0)).isEqualTo(MAPPER.readTree("""
                {"protocol": "TCP", "direction": "IN", "source": "10.244.0.102", "source-port": 41234,
                 "destination": "10.244.0.25", "destination-port": 80, "expires": 17000, "remaining": 9,
                 "rx-packets": 4, "rx-bytes": 331, "rx-flags-seen": 27, "last-rx-report": 16990,
                 "tx-packets": 3, "tx-bytes": 1205, "tx-flags-seen": 19, "last-tx-report": 16989,
                 "flags": 19, "flag-names": ["RxClosing", "TxClosing", "SeenNonSyn"], "source-identity": 22099}
                """));
        assertThat(json.get(1).get("rx-bytes").bigIntegerValue()).hasToString("18446744073709551615");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bpf ct flush", "bpf ct flush global"})
    void flushSaysHowManyWent(String command) throws IOException {
        assertThat(run(command)).isEqualTo(new CommandRun(FairleadCli.OK, "Flushed 12 entries\n", ""));
        assertThat(MAPPER.readTree(run(command + " -o json").out())).isEqualTo(MAPPER.readTree("{\"flushed\": 12}"));
    }

    @Test
    void translationsAreLinesAsCiliumHasThem() throws IOException {
        assertThat(run("bpf nat list")).isEqualTo(new CommandRun(FairleadCli.OK, """
                        TCP OUT 10.244.0.25:41000 -> 1.1.1.1:443 XLATE_SRC 192.168.2.31:41000 Created=12sec HostLocal=0
                        UDP IN [2001:db8::1]:53 -> [fd01::31]:40000 XLATE_DST [fd01::31]:40000 Created=0sec HostLocal=1
                        """, ""));
        JsonNode json = MAPPER.readTree(run("bpf nat list -o json").out());
        assertThat(json.get(0)).isEqualTo(MAPPER.readTree("""
                {"protocol": "TCP", "direction": "OUT", "source": "10.244.0.25", "source-port": 41000,
                 "destination": "1.1.1.1", "destination-port": 443, "to": "192.168.2.31", "to-port": 41000,
                 "age": 12, "host-local": false}
                """));
    }

    @Test
    void nothingInTheKernelIsNoLineAndAnEmptyArray() throws IOException {
        agent.answer(ListBpfCtResponse.getDefaultInstance()).answer(ListBpfNatResponse.getDefaultInstance());
        for (String command : List.of("bpf ct list", "bpf nat list")) {
            assertThat(run(command)).isEqualTo(new CommandRun(FairleadCli.OK, "", ""));
            assertThat(MAPPER.readTree(run(command + " -o json").out()).isArray())
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "65536", "99999", "-1", "149x", "Global", "10.0.0.1"})
    void whatIsNoEndpointIsRefusedWithWhatIsExpected(String which) {
        CommandRun run = run("bpf ct list -- " + which);
        assertThat(run.code()).isEqualTo(FairleadCli.USAGE);
        assertThat(run.err())
                .startsWith("fairlead: connections: " + which + " (expected: global or an endpoint's id, 1 to 65535)")
                .contains("Usage: fairlead bpf ct list");
        assertThat(run.out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bpf ct flush 149", "bpf ct list 149 150", "bpf nat list 149", "bpf ct", "bpf nat flush"})
    void whatIsNoCommandChangesNothing(String command) {
        CommandRun run = run(command);
        assertThat(run.code()).isEqualTo(FairleadCli.USAGE);
        assertThat(run.err()).startsWith("fairlead: ").contains("Usage: fairlead bpf");
    }

    @Test
    void whatTheAgentRefusesIsSaid() {
        agent.refuse(
                ListBpfCtResponse.class,
                Status.INVALID_ARGUMENT.withDescription("endpoint: 77 (expected: one of this node's)"));
        CommandRun run = run("bpf ct list 77");
        assertThat(run.code()).isEqualTo(FairleadCli.FAILED);
        assertThat(run.err()).contains("refused: INVALID_ARGUMENT: endpoint: 77 (expected: one of this node's)");
    }

    @Test
    void theAgentIsAskedForTheEndpointThatWasNamed() throws Exception {
        List<Integer> asked = new CopyOnWriteArrayList<>();
        MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        Path socket = directory.resolve("asked.sock");
        Server server = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(loop)
                .workerEventLoopGroup(loop)
                .directExecutor()
                .addService(new AgentServiceGrpc.AgentServiceImplBase() {
                    @Override
                    public void listBpfCt(ListBpfCtRequest request, StreamObserver<ListBpfCtResponse> to) {
                        asked.add(request.getEndpointId());
                        to.onNext(ListBpfCtResponse.getDefaultInstance());
                        to.onCompleted();
                    }
                })
                .build()
                .start();
        try {
            Map<String, String> environment = Map.of("FAIRLEAD_SOCKET", socket.toString());
            CommandRun.of(environment, "bpf", "ct", "list", "149");
            CommandRun.of(environment, "bpf", "ct", "list", "global");
            CommandRun.of(environment, "bpf", "ct", "list");
            assertThat(asked).containsExactly(149, 0, 0);
        } finally {
            server.shutdownNow();
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private CommandRun run(String command) {
        return CommandRun.of(
                Map.of("FAIRLEAD_SOCKET", directory.resolve("agent.sock").toString()), command.split(" ", -1));
    }
}
