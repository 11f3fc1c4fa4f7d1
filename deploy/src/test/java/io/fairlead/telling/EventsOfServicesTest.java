package io.fairlead.telling;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.events.kafka.testing.KafkaProcess;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.node.client.DropReporter;
import io.fairlead.node.kernel.bpf.DropReason;
import io.fairlead.node.kernel.bpf.Metric;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.grpc.ManagedChannel;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The three services as processes, and the command that follows them; one broker and one etcd for all. */
@Tag("etcd")
@Tag("kafka")
@Timeout(150)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EventsOfServicesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<Process> PROCESSES = new ArrayList<>();

    private static EtcdProcess etcd;
    private static KafkaProcess kafka;
    private static KvStore store;
    private static int routes;

    @TempDir
    private static Path directory;

    private record Ran(int code, String out, String err) {}

    private interface Check {
        boolean holds() throws Exception;
    }

    @BeforeAll
    static void start() throws Exception {
        etcd = EtcdProcess.start();
        kafka = KafkaProcess.start();
        store = new EtcdKvStore(EtcdOptions.parse(etcd.endpoint()));
        routes = freePort();
        service("identity-service", freePort(), "--identity-gc-interval=1s");
        service("ipam-service", freePort());
        service("route-distributor", routes);
        for (String name : List.of("identity-service", "ipam-service", "route-distributor")) {
            until(
                    name,
                    () -> lines(name + ".out").contains(name + " started")
                            || lines(name + ".err").contains(name + " started"));
        }
    }

    @AfterAll
    static void stop() throws Exception {
        for (Process process : PROCESSES) {
            process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
        }
        store.close();
        etcd.close();
        kafka.close();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void service(String name, int port, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "--kvstore-opt=etcd.address=http://" + etcd.endpoint(),
                "--listen-address=127.0.0.1:" + port,
                "--health-listen-address=127.0.0.1:0",
                "--events-kafka-servers=" + kafka.servers(),
                "--events-outbox-dir=" + directory.resolve(name)));
        arguments.addAll(List.of(more));
        PROCESSES.add(launch("fairlead-" + name, name, arguments));
    }

    private static Process launch(String program, String log, List<String> arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(Path.of("bin", program).toAbsolutePath().toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(directory.resolve(log + ".out").toFile())
                .redirectError(directory.resolve(log + ".err").toFile());
        builder.environment().keySet().removeIf(key -> key.startsWith("FAIRLEAD_"));
        return builder.start();
    }

    private static Ran events(String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("events", "--kafka-servers=" + kafka.servers()));
        arguments.addAll(List.of(more));
        Process process = launch("fairlead", "events", arguments);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Ran(
                process.exitValue(),
                Files.readString(directory.resolve("events.out")),
                Files.readString(directory.resolve("events.err")));
    }

    private static List<JsonNode> told(String topics) throws Exception {
        Ran ran = events("--topic=" + topics, "-o", "json", "--timeout=15s");
        assertThat(ran.code()).as(ran.err()).isZero();
        List<JsonNode> records = new ArrayList<>();
        for (String line : ran.out().lines().toList()) {
            records.add(JSON.readTree(line));
        }
        return records;
    }

    /** The last event of a key; a missing node when there is none. */
    private static JsonNode last(List<JsonNode> records, String key) {
        return records.stream()
                .filter(record -> record.path("key").asText().equals(key))
                .reduce((first, second) -> second)
                .orElseGet(() -> JSON.createObjectNode());
    }

    private static void until(String what, Check check) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!check.holds()) {
            if (System.nanoTime() > end) {
                StringBuilder logs = new StringBuilder("not within 60 s: " + what);
                for (String name : List.of("identity-service", "ipam-service", "route-distributor")) {
                    for (String suffix : List.of(".out", ".err")) {
                        String text = Files.readString(directory.resolve(name + suffix));
                        logs.append('\n').append(name).append('\n');
                        logs.append(text.substring(Math.max(0, text.length() - 3000)));
                    }
                }
                throw new AssertionError(logs + "\n" + told("identities,nodes,routes,policies"));
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    private static void commit(Op... ops) {
        get(store.commit(Txn.of(ops)));
    }

    private static <T> T get(Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(20, TimeUnit.SECONDS)
                .join();
    }

    private static Op node(String name, int number, String... more) {
        NodeRecord.Networks networks = new NodeRecord.Networks(
                Optional.of(Cidr.parse("10.244." + number + ".0/24")),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Stream.of(more).map(Cidr::parse).toList());
        NodeRecord record = new NodeRecord(
                new NodeName(name),
                ClusterName.DEFAULT,
                List.of(new NodeRecord.Address(NodeRecord.Address.INTERNAL, Ip.parse("10.0.0." + number))),
                networks,
                0,
                NodeRecord.Details.NONE);
        return Op.put(StoreKeys.DEFAULT.node(record.cluster(), record.name()), record.encode());
    }

    @Test
    @Order(1)
    void policiesRoutesAndUnusedIdentitiesAreTold() throws Exception {
        commit(node("dev1", 1, "10.244.9.0/24"), node("dev2", 2, "10.244.9.0/24"));
        commit(Op.put(
                "fairlead/policy/v1/CiliumNetworkPolicy/shop/web",
                "{\"created\":1,\"document\":{\"kind\":\"CiliumNetworkPolicy\",\"apiVersion\":\"cilium.io/v2\","
                        + "\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},"
                        + "\"spec\":{\"endpointSelector\":{},\"ingress\":[{}]}}}"));
        commit(
                Op.put("cilium/state/identities/v1/id/20001", "k8s:app=idle;"),
                Op.put("fairlead/identity/v1/labels/k8s:app=idle;", "20001"));
        until("a policy, applied", () -> {
            JsonNode policy = last(told("policies"), "policy/CiliumNetworkPolicy shop/web");
            return policy.path("type").asText().equals("applied")
                    && policy.path("name").asText().equals("web")
                    && policy.path("document").path("spec").has("ingress");
        });
        until("routes of first and further prefixes, and one of two claims", () -> {
            List<JsonNode> records = told("routes");
            return last(records, "route/10.244.1.0/24").path("nextHop").asText().equals("10.0.0.1")
                    && last(records, "route/10.244.2.0/24")
                            .path("nextHop")
                            .asText()
                            .equals("10.0.0.2")
                    && last(records, "route/10.244.9.0/24")
                            .path("node")
                            .asText()
                            .equals("dev1");
        });
        until(
                "a node's further prefixes",
                () -> last(told("nodes"), "node/default/dev1")
                        .path("podCidrs")
                        .toString()
                        .equals("[\"10.244.1.0/24\",\"10.244.9.0/24\"]"));
        until(
                "an identity nobody uses is taken back",
                () -> last(told("identities"), "identity/20001")
                        .path("type")
                        .asText()
                        .equals("deleted"));

        commit(node("dev1", 1), new Op.Delete("fairlead/policy/v1/CiliumNetworkPolicy/shop/web"));
        until(
                "the other claim",
                () -> last(told("routes"), "route/10.244.9.0/24")
                        .path("node")
                        .asText()
                        .equals("dev2"));
        until(
                "the policy's end",
                () -> last(told("policies"), "policy/CiliumNetworkPolicy shop/web")
                        .path("type")
                        .asText()
                        .equals("deleted"));
        assertThat(told("routes"))
                .as("a claim that passes on is a change, not a new route")
                .filteredOn(record -> record.path("key").asText().equals("route/10.244.9.0/24"))
                .extracting(record -> record.path("type").asText())
                .last()
                .isEqualTo("changed");
    }

    @Test
    @Order(2)
    void dropsAndConvergenceAreTold() throws Exception {
        ManagedChannel channel = Channels.tcp(HostPort.parse("127.0.0.1:" + routes), Duration.ofSeconds(5));
        try {
            List<Metric> metrics = List.of(
                    new Metric(0, Metric.Direction.EGRESS, 1000, 100_000),
                    new Metric(DropReason.DROP_POLICY.number(), Metric.Direction.INGRESS, 7, 700));
            DropReporter reporter = new DropReporter(
                    new NodeName("dev1"),
                    () -> metrics,
                    RouteServiceGrpc.newBlockingStub(channel),
                    Duration.ofSeconds(5));
            until("drops", () -> {
                // told once, when the distributor answers
                reporter.run();
                JsonNode drops = last(told("drops"), "drops/dev1").path("drops");
                return drops.size() == 1
                        && drops.path(0).path("packets").asInt() == 7
                        && drops.path(0).path("reason").asInt() == DropReason.DROP_POLICY.number()
                        && drops.path(0).path("direction").asText().equals("ingress");
            });
        } finally {
            channel.shutdownNow();
        }
        until("convergence", () -> {
            JsonNode summary = last(told("convergence"), "convergence/default");
            return summary.path("nodes").asInt() == 2 && summary.path("slowest").size() == 2;
        });
    }

    @Test
    @Order(3)
    void theCommandTellsEachEventOnceAndFollows() throws Exception {
        String value = "{\"kind\":\"node\",\"type\":\"changed\",\"key\":\"node/default/dev9\",\"revision\":%d,"
                + "\"epoch\":\"e\",\"time\":\"2026-11-22T21:36:27.120Z\",\"cluster\":\"default\",\"node\":\"dev9\"}";
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.servers()), new StringSerializer(), new StringSerializer())) {
            for (int revision : List.of(7, 8, 8, 7)) {
                producer.send(new ProducerRecord<>(
                                "fairlead.nodes", "node/default/dev9", String.format(value, revision)))
                        .get(10, TimeUnit.SECONDS);
            }
            Ran text = events("--topic=nodes", "--timeout=15s");
            assertThat(text.code()).isZero();
            assertThat(text.err()).isEmpty();
            assertThat(text.out().lines().filter(line -> line.contains("dev9")))
                    .containsExactly(
                            "2026-11-22T21:36:27.120Z node/default/dev9 changed revision 7 {\"node\":\"dev9\"}",
                            "2026-11-22T21:36:27.120Z node/default/dev9 changed revision 8 {\"node\":\"dev9\"}");

            Process all = follow("all", "--from-beginning");
            Process fresh = follow("fresh");
            until("everything there was", () -> lines("all.out").contains("revision 8"));
            int[] revision = {8};
            until("what comes", () -> {
                producer.send(new ProducerRecord<>(
                                "fairlead.nodes", "node/default/dev9", String.format(value, ++revision[0])))
                        .get(10, TimeUnit.SECONDS);
                return lines("fresh.out").contains("dev9") && lines("all.out").contains("revision 9");
            });
            assertThat(lines("fresh.out")).doesNotContain("revision 7").doesNotContain("revision 8");
            for (Process process : List.of(all, fresh)) {
                process.destroy();
                assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    private static Process follow(String log, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("events", "--kafka-servers=" + kafka.servers(), "--topic=nodes", "--timeout=15s", "-f"));
        arguments.addAll(List.of(more));
        Process process = launch("fairlead", log, arguments);
        PROCESSES.add(process);
        return process;
    }

    private static String lines(String file) throws IOException {
        return Files.readString(directory.resolve(file));
    }

    @Test
    @Order(4)
    void afterARestoreEverythingIsToldAnew() throws Exception {
        commit(Op.put("cilium/state/ip/v1/default/10.244.1.7", address("10.244.1.7")));
        until("told", () -> last(told("addresses"), "ip/10.244.1.7").has("ip"));
        Path backup = directory.resolve("backup.db");
        tool("store-backup", backup.toString(), "--endpoints=" + etcd.endpoint());
        commit(Op.put("cilium/state/ip/v1/default/10.244.1.8", address("10.244.1.8")));
        until("told, too", () -> last(told("addresses"), "ip/10.244.1.8").has("ip"));
        String epoch = last(told("addresses"), "ip/10.244.1.7").path("epoch").asText();

        etcd.kill9();
        try (Stream<Path> files = Files.walk(etcd.data())) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
        tool("store-restore", backup.toString(), etcd.data().toString());
        etcd.restart();

        until("what is there is told anew", () -> {
            JsonNode kept = last(told("addresses"), "ip/10.244.1.7");
            return !kept.path("epoch").asText().equals(epoch)
                    && kept.path("resync").asBoolean()
                    && kept.has("ip");
        });
        until("what is lost is taken back", () -> {
            JsonNode lost = last(told("addresses"), "ip/10.244.1.8");
            return lost.path("type").asText().equals("withdrawn")
                    && lost.path("resync").asBoolean();
        });
    }

    private static String address(String ip) {
        return "{\"IP\":\"" + ip + "\",\"Mask\":null,\"HostIP\":\"10.0.0.1\",\"ID\":1,\"Key\":0,\"Metadata\":\"\","
                + "\"K8sNamespace\":\"shop\",\"K8sPodName\":\"web-1\"}";
    }

    private static void tool(String script, String... arguments) throws Exception {
        Process process = launch(script, script, List.of(arguments));
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(lines(script + ".err")).isZero();
    }

    @Test
    @Order(5)
    void aBrokerThatIsAwayIsAClearError() throws Exception {
        kafka.kill();
        Ran away = events("--timeout=2s");
        assertThat(away.code()).isEqualTo(1);
        assertThat(away.out()).isEmpty();
        assertThat(away.err().lines())
                .singleElement()
                .asString()
                .contains("Kafka at " + kafka.servers())
                .contains("(expected: a broker that answers within 2000 ms)");
    }
}
