package io.fairlead.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
    @ParameterizedTest
    @CsvSource({
        "default/web, default/web, 0, 0",
        "default/web:80, default/web, 80, 6",
        "default/web:53/UDP, default/web, 53, 17",
        "10.0.0.1:5060/sctp, 10.0.0.1, 5060, 132",
        "1.1.1.1, 1.1.1.1, 0, 0",
        "fd00::1, fd00::1, 0, 0",
        "[fd00::1], fd00::1, 0, 0",
        "[fd00::1]:443, fd00::1, 443, 6",
        "world:443/tcp, world, 443, 6",
        "472, 472, 0, 0"
    })
    void aDestinationIsANameAndMaybeAPortAndAProtocol(String text, String name, int port, int protocol) {
        assertThat(Target.parse(text)).isEqualTo(new Target(name, port, protocol));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "web:0",
                "web:65536",
                "web:",
                "web:http",
                "web:80/",
                "web:80/gre",
                "web:8/icmp",
                "[fd00::1]80",
                "[fd00::1",
                "[web]:80",
                "web:99999999999"
            })
    void anythingElseIsRefusedWithWhatIsExpected(String text) {
        assertThatThrownBy(() -> Target.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("destination: " + text + " (expected: NAME");
    }

    @Test
    void aSourceMayHaveBrackets() {
        assertThat(Target.source("[fd00::1]")).isEqualTo("fd00::1");
        assertThat(Target.source("default/web")).isEqualTo("default/web");
    }
}
