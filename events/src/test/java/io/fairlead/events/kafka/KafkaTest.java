package io.fairlead.events.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.contract.events.EventRecord;
import io.fairlead.events.kafka.testing.KafkaProcess;
import io.fairlead.events.publish.Replica;
import io.fairlead.events.source.StateSource;
import io.fairlead.events.source.StoreSources;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.runtime.process.testing.JavaProcess;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Against a real etcd and a real broker, with services as processes of their own. */
@Tag("etcd")
@Tag("kafka")
@Timeout(120)
class KafkaTest {
    private static final Logger LOGGER = LoggerFactory.getLogger(KafkaTest.class);
    private static final Map<String, List<ConsumerRecord<String, String>>> SEEN = new HashMap<>();

    private static KafkaProcess kafka;
    private static EtcdProcess etcd;
    private static Vertx vertx;
    private static KafkaConsumer<String, String> consumer;

    private final List<Process> processes = new ArrayList<>();
    private final List<Replica> replicas = new ArrayList<>();
    private final List<KvStore> stores = new ArrayList<>();
    private KvStore store;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start() throws Exception {
        etcd = EtcdProcess.start();
        kafka = KafkaProcess.start();
        vertx = Vertx.vertx();
        consumer = new KafkaConsumer<>(options("").consumer("test"));
    }

    private static KafkaOptions options(String prefix) {
        return new KafkaOptions(List.of(kafka.servers()), prefix, 4, Map.of());
    }

    @AfterAll
    static void end() throws Exception {
        consumer.close();
        etcd.close();
        kafka.close();
        vertx.close();
    }

    @AfterEach
    void stop() throws Exception {
        for (Process process : processes) {
            process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
        }
        replicas.forEach(Replica::stop);
        stores.forEach(KvStore::close);
        if (store != null) {
            store.commit(Txn.of(new Op.Delete("fairlead/store-epoch")))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(5, TimeUnit.SECONDS);
            store.close();
        }
    }

    private KvStore store() {
        if (store == null) {
            store = new EtcdKvStore(EtcdOptions.of(List.of("http://" + etcd.endpoint())));
        }
        return store;
    }

    private Process service(String prefix, String outbox, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--kvstore-opt=etcd.address=http://" + etcd.endpoint(),
                "--kvstore-prefix=" + prefix + "/",
                "--health-listen-address=127.0.0.1:0",
                "--events-kafka-servers=" + kafka.servers(),
                "--events-topic-prefix=" + prefix + ".",
                "--events-outbox-dir=" + directory.resolve(outbox)));
        arguments.addAll(List.of(more));
        Process process = JavaProcess.start(
                EventsProcess.class, directory.resolve(outbox + "-" + processes.size() + ".log"), arguments);
        processes.add(process);
        return process;
    }

    /** The same in this process. */
    private Replica replica(String prefix, String outbox, StateSource source) {
        KvStore own = new EtcdKvStore(EtcdOptions.of(List.of("http://" + etcd.endpoint())));
        stores.add(own);
        Broker broker = new KafkaBroker(vertx, options(prefix + "."), "test-" + outbox);
        Replica replica = new Replica(own, broker, directory.resolve(outbox), 64 << 20, source);
        replicas.add(replica);
        return replica;
    }

    private long commit(Op... ops) throws Exception {
        return store().commit(Txn.of(ops))
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS)
                .revision();
    }

    /** All records of a topic so far; one consumer goes on where it was. */
    private static List<ConsumerRecord<String, String>> records(String topic) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (PartitionInfo each : consumer.listTopics().getOrDefault(topic, List.of())) {
            partitions.add(new TopicPartition(topic, each.partition()));
        }
        Set<TopicPartition> all = new HashSet<>(consumer.assignment());
        all.addAll(partitions);
        consumer.assign(all);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
            consumer.poll(Duration.ofMillis(200))
                    .forEach(each -> SEEN.computeIfAbsent(each.topic(), name -> new ArrayList<>())
                            .add(each));
        }
        return SEEN.getOrDefault(topic, List.of());
    }

    private static Map<String, EventRecord> last(String topic) {
        Map<String, EventRecord> last = new HashMap<>();
        for (ConsumerRecord<String, String> record : records(topic)) {
            if (record.value() != null) {
                last.put(record.key(), EventRecord.decode(record.value()));
            }
        }
        return last;
    }

    private interface Check {
        boolean holds() throws Exception;
    }

    private void until(String what, Check check) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(45).toNanos();
        while (!check.holds()) {
            if (System.nanoTime() > end) {
                StringBuilder logs = new StringBuilder();
                try (var files = Files.list(directory)) {
                    for (Path log : files.filter(path -> path.toString().endsWith(".log"))
                            .toList()) {
                        String text = Files.readString(log);
                        logs.append(log).append('\n').append(text.substring(Math.max(0, text.length() - 2500)));
                    }
                }
                throw new AssertionError("not within 45 s: " + what + "\n" + logs);
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private static boolean hasTopic(String topic) throws Exception {
        try (var admin = kafka.admin()) {
            return admin.listTopics().names().get(10, TimeUnit.SECONDS).contains(topic);
        }
    }

    @Test
    void eventsOfEachKindArriveWithKeysAndRevisions() throws Exception {
        String p = "kinds";
        StoreKeys keys = new StoreKeys(p + "/");
        replica(p, "a", StoreSources.identities(keys));
        replica(p, "a", StoreSources.addresses(keys));
        replica(p, "a", StoreSources.nodes(keys));
        long identity = commit(Op.put(p + "/state/identities/v1/id/4711", "k8s:app=web;"));
        long address = commit(Op.put(
                p + "/state/ip/v1/default/10.244.1.7",
                "{\"IP\":\"10.244.1.7\",\"Mask\":null,\"HostIP\":\"10.0.0.1\",\"ID\":4711,\"Key\":0,"
                        + "\"Metadata\":\"\",\"K8sNamespace\":\"shop\",\"K8sPodName\":\"web-1\"}"));
        long node = commit(Op.put(
                p + "/state/nodes/v1/default/dev1",
                "{\"Name\":\"dev1\",\"Cluster\":\"default\",\"IPAddresses\":"
                        + "[{\"Type\":\"InternalIP\",\"IP\":\"10.0.0.1\"}],\"IPv4AllocCIDR\":"
                        + "{\"IP\":\"10.244.1.0\",\"Mask\":\"////AA==\"},\"ClusterID\":0,\"Source\":\"local\"}"));
        until(
                "addresses",
                () -> hasTopic(p + ".addresses") && !records(p + ".addresses").isEmpty());
        until("nodes", () -> hasTopic(p + ".nodes") && !records(p + ".nodes").isEmpty());
        until(
                "identities",
                () -> hasTopic(p + ".identities") && !records(p + ".identities").isEmpty());
        EventRecord first = last(p + ".identities").get("identity/4711");
        assertThat(first.origin().revision()).isEqualTo(identity);
        assertThat(first.type()).isEqualTo("created");
        assertThat(first.detail().path("labels").path(0).asText()).isEqualTo("k8s:app=web");
        EventRecord second = last(p + ".addresses").get("ip/10.244.1.7");
        assertThat(second.origin().revision()).isEqualTo(address);
        assertThat(second.detail().path("pod").asText()).isEqualTo("web-1");
        EventRecord third = last(p + ".nodes").get("node/default/dev1");
        assertThat(third.origin().revision()).isEqualTo(node);
        assertThat(third.detail().path("podCidrs").path(0).asText()).isEqualTo("10.244.1.0/24");

        long withdrawn = commit(new Op.Delete(p + "/state/ip/v1/default/10.244.1.7"));
        until("withdrawn", () -> last(p + ".addresses").get("ip/10.244.1.7").isDelete());
        until("tombstone", () -> records(p + ".addresses").size() == 3);
        List<ConsumerRecord<String, String>> all = records(p + ".addresses");
        assertThat(all.get(2).value()).as("for compaction").isNull();
        assertThat(new String(
                        all.get(2)
                                .headers()
                                .lastHeader(EventRecord.REVISION_HEADER)
                                .value(),
                        StandardCharsets.UTF_8))
                .isEqualTo(String.valueOf(withdrawn));
        assertThat(all.get(1).partition()).isEqualTo(all.get(0).partition());
    }

    @Test
    void brokerDownTenThousandChangesServiceKilledNothingLost() throws Exception {
        String p = "outage";
        Process first = service(p, "a", "--events-outbox-max=512Ki");
        for (int id = 1000; id < 1100; id++) {
            commit(Op.put(p + "/state/identities/v1/id/" + id, "k8s:app=before;"));
        }
        until(
                "before",
                () -> hasTopic(p + ".identities") && last(p + ".identities").size() == 100);
        kafka.kill();
        Map<String, String> model = new HashMap<>();
        for (int id = 1000; id < 1100; id++) {
            model.put("identity/" + id, "before");
        }
        Random random = new Random(5);
        for (int i = 0; i < 100; i++) {
            Map<String, Op> ops = new HashMap<>();
            while (ops.size() < 100) {
                int id = 1000 + random.nextInt(400);
                String key = p + "/state/identities/v1/id/" + id;
                if (random.nextInt(4) == 0) {
                    ops.put(key, new Op.Delete(key));
                    model.remove("identity/" + id);
                } else {
                    ops.put(key, Op.put(key, "k8s:app=v" + i + ";"));
                    model.put("identity/" + id, "v" + i);
                }
            }
            commit(ops.values().toArray(Op[]::new));
            if (i == 50) {
                first.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
                first = service(p, "a", "--events-outbox-max=512Ki");
            }
        }
        Path outbox = directory.resolve("a/identities");
        until("written", () -> size(outbox) > 50_000);
        // half as much again for as long as it is being thinned out
        assertThat(size(outbox)).isLessThanOrEqualTo(768 << 10);
        kafka.restart();
        until("all told", () -> {
            Map<String, String> state = new HashMap<>();
            last(p + ".identities").forEach((key, record) -> {
                if (!record.isDelete()) {
                    String label = record.detail().path("labels").path(0).asText();
                    state.put(key, label.replace("k8s:app=", ""));
                }
            });
            return state.equals(model);
        });
    }

    private static long size(Path outbox) throws Exception {
        if (!Files.exists(outbox)) {
            return 0;
        }
        try (var files = Files.list(outbox)) {
            return files.filter(path -> path.toString().endsWith(".log"))
                    .mapToLong(path -> path.toFile().length())
                    .sum();
        }
    }

    @Test
    void theOtherReplicaGoesOnWhenThePublisherIsKilled() throws Exception {
        String p = "takeover";
        StateSource source = StoreSources.identities(new StoreKeys(p + "/"));
        Process killed = service(p, "a");
        commit(Op.put(p + "/state/identities/v1/id/5000", "k8s:n=x;"));
        until(
                "first",
                () -> hasTopic(p + ".identities") && last(p + ".identities").size() == 1);
        Replica second = replica(p, "b", source);
        until("second", () -> second.text().contains("0 waiting"));
        for (int i = 1; i <= 600; i++) {
            commit(Op.put(p + "/state/identities/v1/id/" + (5000 + i % 50), "k8s:n=" + i + ";"));
            if (i == 300) {
                killed.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
        }
        commit(new Op.Delete(p + "/state/identities/v1/id/5007"));
        until("everything", () -> {
            Map<String, EventRecord> last = last(p + ".identities");
            return last.size() == 50
                    && last.get("identity/5007").isDelete()
                    && last.get("identity/5000").detail().toString().contains("k8s:n=600")
                    && last.get("identity/5049").detail().toString().contains("k8s:n=599");
        });
        replica(p, "c", source);
        replicas.remove(second);
        second.stop();
        commit(new Op.Delete(p + "/state/identities/v1/id/5008"));
        until("third", () -> last(p + ".identities").get("identity/5008").isDelete());
        int resynced = (int) last(p + ".identities").values().stream()
                .filter(EventRecord::resync)
                .count();
        assertThat(resynced)
                .as("told again by comparing: nothing but what was missed")
                .isLessThanOrEqualTo(2);
    }

    @Test
    void tenThousandEntitiesAreToldFast() throws Exception {
        String p = "rate";
        int entities = 10_000;
        for (int from = 0; from < entities; from += 100) {
            List<Op> ops = new ArrayList<>();
            for (int id = from; id < from + 100; id++) {
                ops.add(Op.put(p + "/state/identities/v1/id/" + (1000 + id), "k8s:app=web-" + id + ";"));
            }
            commit(ops.toArray(Op[]::new));
        }
        long start = System.nanoTime();
        Replica replica = replica(p, "rate", StoreSources.identities(new StoreKeys(p + "/")));
        until("told", () -> replica.published() == entities);
        double rate = entities / ((System.nanoTime() - start) / 1e9);
        LOGGER.atInfo().addKeyValue("rate", rate).log("events a second");
        assertThat(last(p + ".identities")).hasSize(entities);
        assertThat(rate).as("events a second").isGreaterThan(500);
    }
}
