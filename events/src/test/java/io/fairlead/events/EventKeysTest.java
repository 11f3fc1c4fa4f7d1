package io.fairlead.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.events.EventKeys.Settings;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigException;
import io.fairlead.runtime.config.ConfigKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventKeysTest {
    @TempDir
    private Path directory;

    private static Optional<Settings> settings(String... arguments) {
        ConfigKeys keys = new ConfigKeys("test", "tests");
        EventKeys events = new EventKeys(keys, "test");
        Config config = keys.read(arguments, Map.of());
        return events.from(config);
    }

    @Test
    void itIsOffUnlessBrokersAreNamed() {
        assertThat(settings()).isEmpty();
        Settings on = settings("--events-kafka-servers=10.0.0.1:9092,10.0.0.2:9092", "--events-outbox-max=1Mi")
                .orElseThrow();
        assertThat(on.kafka().servers()).containsExactly("10.0.0.1:9092", "10.0.0.2:9092");
        assertThat(on.maxBytes()).isEqualTo(1 << 20);
        assertThat(on.outboxes()).isEqualTo(Path.of("/var/lib/fairlead/test/events"));
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() ->
                        settings("--events-kafka-servers=x", "--events-outbox-max=3", "--events-topic-prefix=a b"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("events-kafka-servers")
                .hasMessageContaining("events-outbox-max: \"3\"")
                .hasMessageContaining("events-topic-prefix: \"a b\"");
    }

    @Test
    void secretsComeFromAFileAndAreNeverPrinted() throws IOException {
        Path file = Files.writeString(
                directory.resolve("kafka.properties"),
                "security.protocol=SASL_SSL\nsasl.jaas.config=password-hunter2\n");
        Settings on = settings("--events-kafka-servers=a:1", "--events-kafka-config=" + file)
                .orElseThrow();
        assertThat(on.kafka().secrets()).containsEntry("sasl.jaas.config", "password-hunter2");
        assertThat(on.toString()).doesNotContain("hunter2");
        Files.writeString(file, "acks=hunter2");
        assertThatThrownBy(() -> settings("--events-kafka-servers=a:1", "--events-kafka-config=" + file))
                .hasMessageContaining("has acks (expected: only properties that start with security., ssl. or sasl.)")
                .hasMessageNotContaining("hunter2");
        assertThatThrownBy(() -> settings("--events-kafka-servers=a:1", "--events-kafka-config=/nowhere"))
                .hasMessageContaining("/nowhere cannot be read");
    }
}
