package io.fairlead.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class LoggingTest {
    @Test
    void aJsonLineHasMessageKeysAndFailureHoweverTheyLook() throws IOException {
        LoggerContext context = new LoggerContext();
        Logger logger = context.getLogger("io.fairlead.Test");
        LoggingEvent event = new LoggingEvent(
                "x", logger, Level.WARN, "node \"registered\"\n{}", new IllegalStateException("no\tway"), null);
        event.setKeyValuePairs(List.of(new KeyValuePair("node", "dev\"1"), new KeyValuePair("revision", 7)));

        byte[] line = Logging.encoder(context).encode(event);

        JsonNode json = JsonMapper.builder().build().readTree(line);
        assertThat(json.get("level").asText()).isEqualTo("WARN");
        assertThat(json.get("formattedMessage").asText()).startsWith("node \"registered\"\n");
        assertThat(json.get("kvpList").toString()).contains("dev\\\"1").contains("revision");
        assertThat(json.get("throwable").get("message").asText()).isEqualTo("no\tway");
        assertThat(new String(line, java.nio.charset.StandardCharsets.UTF_8).strip())
                .doesNotContain("\n");
    }
}
