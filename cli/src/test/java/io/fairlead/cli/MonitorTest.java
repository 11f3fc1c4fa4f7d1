package io.fairlead.cli;

import static io.fairlead.cli.MonitorMessages.START;
import static io.fairlead.cli.MonitorMessages.address;
import static io.fairlead.cli.MonitorMessages.agent;
import static io.fairlead.cli.MonitorMessages.debug;
import static io.fairlead.cli.MonitorMessages.delivered;
import static io.fairlead.cli.MonitorMessages.drop;
import static io.fairlead.cli.MonitorMessages.event;
import static io.fairlead.cli.MonitorMessages.lost;
import static io.fairlead.cli.MonitorMessages.ports;
import static io.fairlead.cli.MonitorMessages.reply;
import static io.fairlead.cli.MonitorMessages.response;
import static io.fairlead.cli.MonitorMessages.verdict;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.proto.agent.v1.MonitorRequest;
import io.fairlead.proto.agent.v1.MonitorResponse;
import io.grpc.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines as they were in the walk-through, byte for byte, and how the command ends. */
class MonitorTest {
    private static final String SEPARATOR =
            "------------------------------------------------------------------------------\n";
    private static final String HEADER = """
            Press Ctrl-C to quit
            Listening for events on 128 CPUs with 64x4096 of shared memory
            """;
    private static final String DISSECTS = "level=info msg=\"Initializing dissection cache...\" subsys=monitor\n";
    private static final String GONE = "went away: the agent stops\n";

    @TempDir
    private Path directory;

    private MonitorRequest asked;

    /** What the command prints of these messages, after which the agent goes away. */
    private CommandRun run(List<MonitorResponse> told, String... options) throws IOException, InterruptedException {
        return run(Status.UNAVAILABLE.withDescription("the agent stops"), told, options);
    }

    private CommandRun run(Status end, List<MonitorResponse> told, String... options)
            throws IOException, InterruptedException {
        Path socket = directory.resolve("agent.sock");
        List<MonitorResponse> all = new ArrayList<>(told);
        all.add(0, START);
        try (TellingAgent agent = TellingAgent.thatEnds(socket, end, all.toArray(MonitorResponse[]::new))) {
            List<String> args = new ArrayList<>(List.of("--socket", socket.toString(), "monitor"));
            args.addAll(List.of(options));
            CommandRun run = CommandRun.of(Map.of(), args.toArray(String[]::new));
            asked = agent.requests.poll();
            return run;
        }
    }

    private String lines(List<MonitorResponse> told, String... options) throws IOException, InterruptedException {
        CommandRun run = run(told, options);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).startsWith(HEADER);
        return run.out().substring(HEADER.length());
    }

    /** The second section of the walk-through, from the pod's packet to the answer. */
    private static List<MonitorResponse> walkThrough() {
        int client = address(10, 244, 0, 102);
        int server = address(10, 244, 2, 145);
        return List.of(
                debug(472, 58, address(192, 168, 2, 2), 2),
                debug(2073, 48, client, server, ports(22016, 0)),
                debug(2073, 49, 1 << 8 | 1, 1),
                debug(2073, 15, 0, 0),
                debug(2073, 58, server, 17840),
                debug(2073, 50, 0, 22099, 0),
                debug(472, 2, 2073, 17840),
                debug(2073, 48, server, client, ports(0, 22016)),
                debug(2073, 49, 1 << 8, 0),
                debug(2073, 8, 16257, 0),
                debug(2073, 15, 2, 0),
                response(reply()));
    }

    @Test
    void theWalkThroughIsPrintedByteForByte() throws IOException, InterruptedException {
        CommandRun run = run(walkThrough(), "-vv");
        assertThat(run.out()).isEqualTo(HEADER + """
                        CPU 03: MARK 0x0 FROM 472 DEBUG: Successfully mapped addr=192.168.2.2 to identity=2
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: Conntrack lookup 1/2: src=10.244.0.102:22016 dst=10.244.2.145:0
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: Conntrack lookup 2/2: nexthdr=1 flags=1
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: CT verdict: New, revnat=0
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: Successfully mapped addr=10.244.2.145 to identity=17840
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: Conntrack create: proxy-port=0 revnat=0 src-identity=22099 lb=0.0.0.0
                        CPU 03: MARK 0x0 FROM 472 DEBUG: Attempting local delivery for container id 2073 from seclabel 17840
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: Conntrack lookup 1/2: src=10.244.2.145:0 dst=10.244.0.102:22016
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: Conntrack lookup 2/2: nexthdr=1 flags=0
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: CT entry found lifetime=16257, revnat=0
                        CPU 03: MARK 0x0 FROM 2073 DEBUG: CT verdict: Reply, revnat=0
                        ------------------------------------------------------------------------------
                        Ethernet {Contents=[..14..] Payload=[..86..] SrcMAC=d2:eb:8d:a6:d4:e7 DstMAC=1e:42:49:8a:4e:bb EthernetType=IPv4 Length=0}
                        IPv4 {Contents=[..20..] Payload=[..64..] Version=4 IHL=5 TOS=0 Length=84 Id=63334 Flags= FragOffset=0 TTL=62 Protocol=ICMPv4 Checksum=27748 SrcIP=10.244.2.145 DstIP=10.244.0.102 Options=[] Padding=[]}
                        ICMPv4 {Contents=[..8..] Payload=[..56..] TypeCode=EchoReply Checksum=170 Id=22016 Seq=0}
                        CPU 03: MARK 0x0 FROM 2073 to-endpoint: 98 bytes (98 captured), state reply, interface lxc89c8c94364d6identity 17840->22099, orig-ip 10.244.2.145, to endpoint 2073
                        """);
        assertThat(run.err()).startsWith(DISSECTS).endsWith(GONE);
    }

    @Test
    void anEchoRequestIsPrintedByteForByte() throws IOException, InterruptedException {
        assertThat(lines(List.of(response(delivered()), response(delivered())), "-v", "-v"))
                .startsWith(SEPARATOR + """
                        Ethernet {Contents=[..14..] Payload=[..86..] SrcMAC=c6:dc:81:06:fc:cb DstMAC=1e:ea:b6:69:74:23 EthernetType=IPv4 Length=0}
                        IPv4 {Contents=[..20..] Payload=[..64..] Version=4 IHL=5 TOS=0 Length=84 Id=17761 Flags=DF FragOffset=0 TTL=63 Protocol=ICMPv4 Checksum=57313 SrcIP=10.244.0.102 DstIP=10.244.0.25 Options=[] Padding=[]}
                        ICMPv4 {Contents=[..8..] Payload=[..56..] TypeCode=EchoRequest Checksum=11788 Id=12544 Seq=0}
                        CPU 03: MARK 0x0 FROM 149 to-endpoint: 98 bytes (98 captured), state new, interface lxc1ddf0c103b7bidentity 22099->11575, orig-ip 10.244.0.102, to endpoint 149
                        """);
    }

    @Test
    void dissectionIsAnnouncedOnce() throws IOException, InterruptedException {
        CommandRun run = run(List.of(response(delivered()), response(delivered())), "-vv");
        assertThat(run.err().indexOf("Initializing")).isEqualTo(run.err().lastIndexOf("Initializing"));
        assertThat(run(List.of(response(delivered())), "-v").err()).doesNotContain("Initializing");
    }

    @Test
    void oneLineEachWithoutOptions() throws IOException, InterruptedException {
        assertThat(lines(List.of(
                        response(delivered()),
                        response(event(4, 5, 149).setOriginalIp("10.244.0.25").setPayload(MonitorMessages.bytes("00"))),
                        response(drop()),
                        response(verdict()),
                        response(verdict().setVerdict(0).setAudited(true).setDirection(2)),
                        agent("Endpoint created", "{\"id\":149}"),
                        lost(1, 17))))
                .isEqualTo("""
                        -> endpoint 149 flow 0x0 identity 22099->11575 state new ifindex lxc1ddf0c103b7b orig-ip 10.244.0.102: 10.244.0.102 -> 10.244.0.25 EchoRequest
                        <- endpoint 149 flow 0x0 identity unknown->unknown state new ifindex 0 orig-ip 10.244.0.25: [unknown]
                        xx drop (Policy denied) flow 0x1b to endpoint 149, identity world->11575: 10.244.0.102 -> 10.244.0.25 EchoRequest
                        Policy verdict log: flow 0x0 local EP ID 149, remote ID remote-node, proto 1, ingress, action deny, match L3-L4, 10.244.0.102 -> 10.244.0.25 EchoRequest
                        Policy verdict log: flow 0x0 local EP ID 149, remote ID 11575, proto 1, egress, action audit, match L3-L4, 10.244.0.102 -> 10.244.0.25 EchoRequest
                        >> Endpoint created: {"id":149}
                        CPU 01: Lost 17 events
                        """);
        assertThat(asked.getTypesList()).containsExactly("drop", "trace", "policy-verdict", "agent");
    }

    @Test
    void everyPointHasItsSummary() throws IOException, InterruptedException {
        List<MonitorResponse> points = new ArrayList<>();
        for (int point : new int[] {0, 2, 3, 5, 7, 8, 10, 11, 99}) {
            points.add(response(event(4, point, 7).setDstEndpoint(8)));
        }
        assertThat(lines(points).lines().map(line -> line.substring(0, line.indexOf(" flow"))))
                .containsExactly(
                        "-> endpoint 8",
                        "-> host from",
                        "-> stack",
                        "<- endpoint 7",
                        "<- host",
                        "<- stack",
                        "<- network",
                        "-> network",
                        "unknown trace");
    }

    @Test
    void longerLinesWithOneV() throws IOException, InterruptedException {
        String out = lines(
                List.of(
                        response(drop()),
                        response(drop().setSubtype(250)
                                .setSrcIdentity(0)
                                .setDstIdentity(0)
                                .setDstEndpoint(0)),
                        response(verdict().setVerdict(0)),
                        response(event(3, 10, 149).setLength(98).setInterfaceName("ens33")),
                        response(event(4, 11, 472).setLength(60).setState(5).setOriginalIp("fd00::1")),
                        response(event(4, 10, 472)
                                .setLength(60)
                                .setIfindex(9)
                                .setSrcIdentity(1)
                                .setOriginalIp("10.0.0.1"))),
                "--verbose");
        assertThat(out)
                .isEqualTo(SEPARATOR
                        + "CPU 03: MARK 0x1b FROM 149 DROP: 98 bytes, reason Policy denied, identity world->11575, to"
                        + " endpoint 149\n"
                        + SEPARATOR
                        + "CPU 03: MARK 0x1b FROM 149 DROP: 98 bytes, reason 250\n"
                        + SEPARATOR
                        + "Policy verdict log: flow 0x0 local EP ID 149, remote ID remote-node, proto 1, ingress,"
                        + " action allow, match L3-L4, 10.244.0.102 -> 10.244.0.25 EchoRequest\n"
                        + SEPARATOR
                        + "CPU 03: MARK 0x0 FROM 149 DEBUG: 98 bytes, Packet going into snat engine on ifindex ens33\n"
                        + SEPARATOR
                        + "CPU 03: MARK 0x0 FROM 472 to-network: 60 bytes (0 captured), state unknown, orig-ip"
                        + " fd00::1\n"
                        + SEPARATOR
                        + "CPU 03: MARK 0x0 FROM 472 from-network: 60 bytes (0 captured), state new, interface"
                        + " 9identity host->unknown, orig-ip 10.0.0.1\n");
        assertThat(asked.getTypesList()).isEmpty();
    }

    @Test
    void numbersInsteadOfNamesWhenAskedFor() throws IOException, InterruptedException {
        assertThat(lines(List.of(response(drop()), response(verdict())), "-n"))
                .contains("identity 2->11575:", "remote ID 6, proto");
    }

    @Test
    void bytesInsteadOfHeadersWhenAskedFor() throws IOException, InterruptedException {
        assertThat(lines(
                        List.of(response(drop().setPayload(MonitorMessages.bytes("00".repeat(15) + "410a7e")))),
                        "-vv",
                        "--hex"))
                .isEqualTo(SEPARATOR
                        + "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 41  |...............A|\n"
                        + "00000010  0a 7e                                             |.~|\n"
                        + "CPU 03: MARK 0x1b FROM 149 DROP: 98 bytes, reason Policy denied, identity world->11575, to"
                        + " endpoint 149\n");
    }

    @Test
    void jsonIsAnObjectALineWithCiliumsKeys() throws IOException, InterruptedException {
        CommandRun run = run(
                List.of(
                        response(delivered().setPayload(MonitorMessages.bytes("1eeab6697423c6dc8106fccb88cc"))),
                        response(drop()),
                        response(verdict()),
                        debug(2073, 15, 1, 0),
                        agent("Endpoint created", "{\"id\":149}"),
                        agent("Policy updated", "no { json"),
                        lost(1, 17)),
                "-j");
        List<String> lines = run.out().lines().toList();
        String link = "\"l2\":{\"src\":\"c6:dc:81:06:fc:cb\",\"dst\":\"1e:ea:b6:69:74:23\"}";
        assertThat(lines.get(0))
                .isEqualTo("{\"cpu\":\"CPU 03:\",\"type\":\"trace\",\"mark\":\"0x0\",\"ifindex\":\"lxc1ddf0c103b7b\","
                        + "\"state\":\"new\",\"observationPoint\":\"to-endpoint\",\"traceSummary\":\"-> endpoint 149\","
                        + "\"source\":149,\"bytes\":98,\"srcLabel\":22099,\"dstLabel\":11575,\"dstID\":149,"
                        + "\"summary\":{\"ethernet\":\"Ethernet {Contents=[..14..] Payload=[..6..]"
                        + " SrcMAC=c6:dc:81:06:fc:cb DstMAC=1e:ea:b6:69:74:23 EthernetType=LinkLayerDiscovery"
                        + " Length=0}\"," + link + "}}");
        assertThat(lines.get(1))
                .startsWith("{\"cpu\":\"CPU 03:\",\"type\":\"drop\",\"mark\":\"0x1b\",\"reason\":\"Policy denied\","
                        + "\"source\":149,\"bytes\":98,\"srcLabel\":2,\"dstLabel\":11575,\"dstID\":149,"
                        + "\"summary\":{\"ethernet\":\"Ethernet {")
                .contains("\"ipv4\":\"IPv4 {", "\"icmpv4\":\"ICMPv4 {")
                .endsWith(link + ",\"l3\":{\"src\":\"10.244.0.102\",\"dst\":\"10.244.0.25\"}}}");
        assertThat(lines.get(2))
                .startsWith("{\"cpu\":\"CPU 03:\",\"type\":\"policy-verdict\",\"mark\":\"0x0\",\"remoteID\":6,"
                        + "\"proto\":1,\"direction\":\"ingress\",\"action\":\"deny\",\"match\":\"L3-L4\",\"dstPort\":0,"
                        + "\"rule\":\"NetworkPolicy default/x\",\"source\":149,");
        assertThat(lines.subList(3, 7))
                .containsExactly(
                        "{\"cpu\":\"CPU 03:\",\"type\":\"debug\",\"message\":\"CT verdict: Established, revnat=0\"}",
                        "{\"type\":\"agent\",\"subtype\":\"Endpoint created\",\"message\":{\"id\":149}}",
                        "{\"type\":\"agent\",\"subtype\":\"Policy updated\",\"message\":\"no { json\"}",
                        "{\"cpu\":\"CPU 01:\",\"type\":\"lost\",\"count\":17}");
        assertThat(asked.getTypesList()).isEmpty();
    }

    @Test
    void theAgentIsAskedForWhatTheOptionsSay() throws IOException, InterruptedException {
        run(List.of(), "-t", "drop,trace", "--type", "agent", "--from", "1,2", "--to", "3", "--related-to", "65535");
        assertThat(asked)
                .isEqualTo(MonitorRequest.newBuilder()
                        .addAllTypes(List.of("drop", "trace", "agent"))
                        .addAllFrom(List.of(1, 2))
                        .addTo(3)
                        .addRelatedTo(65535)
                        .build());
    }

    @Test
    void mistakesAreNamedWithWhatIsExpected() {
        assertThat(mistake("--type", "drops"))
                .contains("--type: drops (expected: one of drop, debug, capture, trace, policy-verdict, agent)");
        assertThat(mistake("--from", "0")).contains("--from: 0 (expected: an endpoint's id, 1 to 65535)");
        assertThat(mistake("--to", "65536")).contains("--to: 65536 (expected");
        assertThat(mistake("--related-to", "x")).contains("--related-to: x (expected");
        assertThat(mistake("-j", "-v")).contains("--json: together with");
        assertThat(mistake("-j", "--hex")).contains("--json: together with");
    }

    private static String mistake(String... options) {
        List<String> args = new ArrayList<>(List.of("--socket", "/nonexistent", "monitor"));
        args.addAll(List.of(options));
        CommandRun run = CommandRun.of(Map.of(), args.toArray(String[]::new));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        return run.err();
    }

    @Test
    void anAgentThatIsNotThereRefusesOrGoesAwayIsAFailureWithItsReason() throws IOException, InterruptedException {
        assertThat(CommandRun.of(Map.of(), "--socket", directory.resolve("none").toString(), "monitor"))
                .matches(run -> run.code() == 1 && run.err().contains("cannot reach the agent at"));
        assertThat(run(Status.OK, List.of()))
                .matches(run -> run.code() == 1 && run.err().endsWith("went away: it ended the stream\n"));
        Path socket = directory.resolve("refusing.sock");
        try (TellingAgent agent = TellingAgent.thatEnds(socket, Status.UNAVAILABLE.withDescription("32 listen"))) {
            CommandRun run = CommandRun.of(Map.of(), "--socket", socket.toString(), "monitor");
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).contains("32 listen");
            assertThat(agent.requests).hasSize(1);
        }
    }

    @Test
    void theCommandEndsWhenNobodyReadsItsOutput() throws IOException {
        Path socket = directory.resolve("endless.sock");
        Writer closed = new Writer() {
            private int room = 100_000;

            @Override
            public void write(char[] text, int offset, int length) throws IOException {
                room -= length;
                if (room < 0) {
                    throw new IOException("Broken pipe");
                }
            }

            @Override
            public void flush() {
                // nothing is kept
            }

            @Override
            public void close() {
                // nothing is open
            }
        };
        try (TellingAgent agent = TellingAgent.thatNeverEnds(socket, START, response(delivered()))) {
            StringWriter err = new StringWriter();
            int code = new FairleadCli(Map.of(), new PrintWriter(closed), new PrintWriter(err))
                    .run("--socket", socket.toString(), "monitor", "-vv");
            assertThat(code).isZero();
            assertThat(agent.requests).hasSize(1);
        }
    }
}
