package io.fairlead.events.kafka;

import io.fairlead.contract.events.EventKind;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;

/**
 * Which Kafka, and how. Secrets are in a file of Kafka's own properties, so that they are in no argument and no log.
 *
 * @param servers "host:port", at least one
 * @param topicPrefix what topics begin with
 * @param partitions of a topic that is made
 * @param secrets Kafka's properties for TLS and SASL; never printed
 */
public record KafkaOptions(List<String> servers, String topicPrefix, int partitions, Map<String, String> secrets) {
    private static final List<String> PASSED_ON = List.of("security.", "ssl.", "sasl.");

    public KafkaOptions {
        servers = List.copyOf(servers);
        secrets = Map.copyOf(secrets);
    }

    /**
     * Reads properties for TLS and SASL.
     *
     * @throws IllegalArgumentException naming the file, or the property that may not be there; never a value
     */
    public static Map<String, String> readSecrets(Optional<Path> file) {
        if (file.isEmpty()) {
            return Map.of();
        }
        Properties read = new Properties();
        try (Reader reader = Files.newBufferedReader(file.get())) {
            read.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "events-kafka-config: " + file.get() + " cannot be read: "
                            + e.getClass().getSimpleName() + " (expected: a file of Kafka properties)",
                    e);
        }
        Map<String, String> secrets = new HashMap<>();
        for (String name : new TreeSet<>(read.stringPropertyNames())) {
            if (PASSED_ON.stream().noneMatch(name::startsWith)) {
                throw new IllegalArgumentException("events-kafka-config: " + file.get() + " has " + name
                        + " (expected: only properties that start with security., ssl. or sasl.)");
            }
            secrets.put(name, read.getProperty(name));
        }
        return secrets;
    }

    /** Topic of a kind. */
    public String topic(EventKind kind) {
        return kind.topic(topicPrefix);
    }

    Map<String, String> common(String client) {
        Map<String, String> config = new HashMap<>(secrets);
        config.put("bootstrap.servers", String.join(",", servers));
        config.put("client.id", client);
        config.put("request.timeout.ms", "5000");
        config.put("reconnect.backoff.ms", "100");
        config.put("reconnect.backoff.max.ms", "2000");
        return config;
    }

    Map<String, String> producer(String client) {
        Map<String, String> config = common(client);
        config.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        config.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        config.put("acks", "all");
        config.put("enable.idempotence", "true");
        config.put("linger.ms", "2");
        config.put("max.block.ms", "5000");
        config.put("delivery.timeout.ms", "10000");
        config.put("buffer.memory", String.valueOf(8 << 20));
        return config;
    }

    Map<String, Object> consumer(String client) {
        Map<String, Object> config = new HashMap<>(common(client));
        config.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        config.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        config.put("enable.auto.commit", "false");
        config.put("auto.offset.reset", "earliest");
        config.put("allow.auto.create.topics", "false");
        config.put("default.api.timeout.ms", "10000");
        return config;
    }

    @Override
    public String toString() {
        return "Kafka " + servers + ", topics " + topicPrefix + "*";
    }
}
