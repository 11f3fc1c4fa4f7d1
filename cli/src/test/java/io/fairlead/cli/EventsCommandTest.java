package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventsCommandTest {
    @Test
    void itSaysWhichBrokerItMisses() {
        CommandRun run = CommandRun.of(Map.of(), "events");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--kafka-servers: none (expected: host:port of a broker");
    }

    @Test
    void wrongTopicsAndTimesAreNamed() {
        assertThat(CommandRun.of(Map.of(), "events", "--kafka-servers=127.0.0.1:1", "--topic=pods")
                        .err())
                .contains("--topic: pods (expected: some of identities, addresses");
        assertThat(CommandRun.of(Map.of(), "events", "--kafka-servers=127.0.0.1:1", "--since=soon")
                        .err())
                .contains("--since: soon (expected: such as 15m");
        assertThat(CommandRun.of(Map.of(), "events", "--kafka-servers=127.0.0.1:1", "--since=1m", "--from-beginning")
                        .err())
                .contains("together with --from-beginning");
    }

    @Test
    void aBrokerThatDoesNotAnswerIsNamed() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        CommandRun run = CommandRun.of(Map.of(), "events", "--kafka-servers=127.0.0.1:" + port, "--timeout=1s");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("Kafka at 127.0.0.1:" + port).contains("within 1000 ms");
    }
}
