package io.fairlead.events;

import io.fairlead.contract.events.EventKind;
import io.fairlead.events.kafka.KafkaOptions;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.Values;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The keys of a process that tells events. */
public final class EventKeys {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})(Ki|Mi|Gi)?");
    private static final Duration LEASE = Duration.ofSeconds(5);

    private final ConfigKey<List<HostPort>> servers;
    private final ConfigKey<String> prefix;
    private final ConfigKey<Integer> partitions;
    private final ConfigKey<Optional<Path>> secrets;
    private final ConfigKey<Path> directory;
    private final ConfigKey<Long> max;

    /**
     * Declares the keys.
     *
     * @param process whose outbox it is: part of the default directory
     */
    public EventKeys(ConfigKeys keys, String process) {
        servers = keys.add(
                "events-kafka-servers",
                Values.listOf(Values.HOST_PORT),
                "",
                "Kafka brokers host:port[,host:port…] that are told what changes; none tells nobody");
        prefix = keys.add(
                "events-topic-prefix", EventKeys::prefix, EventKind.DEFAULT_PREFIX, "what names of topics start with");
        partitions =
                keys.add("events-topic-partitions", Values.integer(1, 1000), "4", "partitions of topics that are made");
        secrets = keys.optional(
                "events-kafka-config",
                EventKeys::path,
                "file with Kafka's properties security.*, ssl.* and sasl.*, which may be secret");
        directory = keys.add(
                "events-outbox-dir",
                EventKeys::path,
                "/var/lib/fairlead/" + process + "/events",
                "where events wait for Kafka; of this process alone");
        max = keys.add(
                "events-outbox-max",
                EventKeys::size,
                "64Mi",
                "size of each kind's outbox; above it only the newest event of each entity is kept");
    }

    /**
     * What was configured.
     *
     * @param outboxes directory of the outboxes
     * @param maxBytes of each
     * @param leaseTime after which another replica takes over
     */
    public record Settings(KafkaOptions kafka, Path outboxes, long maxBytes, Duration leaseTime) {}

    /**
     * What the configuration says; empty when nobody is told.
     *
     * @throws IllegalArgumentException naming the file of properties when it is not usable
     */
    public Optional<Settings> from(Config config) {
        List<HostPort> brokers = config.get(servers);
        if (brokers.isEmpty()) {
            return Optional.empty();
        }
        KafkaOptions kafka = new KafkaOptions(
                brokers.stream().map(HostPort::toString).toList(),
                config.get(prefix),
                config.get(partitions),
                KafkaOptions.readSecrets(config.get(secrets)));
        return Optional.of(new Settings(kafka, config.get(directory), config.get(max), LEASE));
    }

    private static String prefix(String text) {
        if (!text.matches("[A-Za-z0-9._-]{0,200}")) {
            throw new IllegalArgumentException("(expected: letters, digits, '.', '_' and '-', such as fairlead.)");
        }
        return text;
    }

    private static Path path(String text) {
        try {
            if (!text.isBlank()) {
                return Path.of(text);
            }
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("(expected: a path)", e);
        }
        throw new IllegalArgumentException("(expected: a path)");
    }

    private static long size(String text) {
        Matcher matcher = SIZE.matcher(text);
        long bytes = 0;
        if (matcher.matches()) {
            String unit = matcher.group(2) == null ? "" : matcher.group(2);
            int shift = switch (unit) {
                case "Ki" -> 10;
                case "Mi" -> 20;
                case "Gi" -> 30;
                default -> 0;
            };
            bytes = Long.parseLong(matcher.group(1)) << shift;
        }
        if (bytes < 1 << 16 || bytes > 1L << 40) {
            throw new IllegalArgumentException("(expected: a size from 64Ki to 1024Gi, such as 64Mi)");
        }
        return bytes;
    }
}
