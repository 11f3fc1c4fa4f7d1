package io.fairlead.events.kafka;

import io.fairlead.contract.events.EventKind;
import io.fairlead.contract.events.EventRecord;
import io.fairlead.events.outbox.Entry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.producer.KafkaProducer;
import io.vertx.kafka.client.producer.KafkaProducerRecord;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/** A Kafka cluster. */
public final class KafkaBroker implements Broker {
    private final Vertx vertx;
    private final KafkaOptions options;
    private final String client;
    private final KafkaProducer<String, String> producer;

    /**
     * Connects when there is something to send.
     *
     * @param client names this process to the brokers
     */
    public KafkaBroker(Vertx vertx, KafkaOptions options, String client) {
        this.vertx = vertx;
        this.options = options;
        this.client = client;
        this.producer = KafkaProducer.create(vertx, options.producer(client));
    }

    @Override
    public Future<Void> ensureTopic(EventKind kind) {
        NewTopic topic = new NewTopic(options.topic(kind), Optional.of(options.partitions()), Optional.empty())
                .configs(Map.of("cleanup.policy", kind.isState() ? "compact" : "delete"));
        Map<String, Object> config = new HashMap<>(options.common(client + "-admin"));
        config.put("default.api.timeout.ms", "10000");
        // its own client: Vert.x's cannot leave the replication to the brokers
        Admin admin = Admin.create(config);
        return Future.fromCompletionStage(
                        admin.createTopics(List.of(topic)).all().toCompletionStage())
                .recover(failure -> isThere(failure) ? Future.succeededFuture() : Future.failedFuture(failure))
                .eventually(() -> vertx.executeBlocking(
                        () -> {
                            admin.close(Duration.ofSeconds(1));
                            return admin;
                        },
                        false));
    }

    private static boolean isThere(Throwable failure) {
        return failure instanceof TopicExistsException || failure.getCause() instanceof TopicExistsException;
    }

    @Override
    public Future<Void> send(EventKind kind, Entry entry) {
        Future<Void> sent = send(record(kind, entry, entry.value()));
        if (!entry.fact().deleted()) {
            return sent;
        }
        return Future.all(sent, send(record(kind, entry, null))).mapEmpty();
    }

    private KafkaProducerRecord<String, String> record(EventKind kind, Entry entry, @Nullable String value) {
        return KafkaProducerRecord.create(options.topic(kind), entry.key(), value)
                .addHeader(
                        EventRecord.REVISION_HEADER, String.valueOf(entry.fact().revision()))
                .addHeader(EventRecord.EPOCH_HEADER, entry.fact().epoch());
    }

    private Future<Void> send(KafkaProducerRecord<String, String> record) {
        return producer.send(record).<Void>mapEmpty().recover(failure -> {
            boolean never = failure instanceof RecordTooLargeException
                    || failure instanceof SerializationException
                    || failure instanceof InvalidConfigurationException;
            return Future.failedFuture(
                    never
                            ? new RefusedException("event " + record.key() + ": " + failure.getMessage(), failure)
                            : failure);
        });
    }

    @Override
    public Future<Map<String, Entry.Fact>> told(EventKind kind) {
        return vertx.executeBlocking(
                () -> TopicReader.read(options.consumer(client + "-reader"), options.topic(kind)), false);
    }

    @Override
    public Future<Void> close() {
        return producer.close(2000);
    }
}
