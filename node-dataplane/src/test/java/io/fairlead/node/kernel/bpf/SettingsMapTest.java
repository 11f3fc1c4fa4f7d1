package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.node.kernel.bpf.SettingsMap.Aggregation;
import io.fairlead.node.kernel.bpf.SettingsMap.Event;
import io.fairlead.node.kernel.bpf.SettingsMap.Settings;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SettingsMapTest {
    @Test
    @Tag("root")
    void whatIsWrittenIsInForceAndNewMapsTellNobodyAnything() {
        try (Node node = new Node()) {
            SettingsMap map = new SettingsMap(node.spec, node.object.map("settings"));
            assertThat(map.read()).isEqualTo(new Settings(Set.of(), Aggregation.NONE, Duration.ZERO, 0));
            for (Aggregation level : Aggregation.values()) {
                for (Event event : Event.values()) {
                    Settings settings =
                            new Settings(EnumSet.of(event, Event.DROP), level, Duration.ofSeconds(5), 0b0000_0111);
                    map.write(settings);
                    assertThat(map.read()).isEqualTo(settings);
                }
            }
            map.write(map.read().with(Set.of()));
            assertThat(map.read().events()).isEmpty();
            assertThat(map.read().interval()).isEqualTo(Duration.ofSeconds(5));
        }
    }

    @Test
    void nonsenseIsNoSetting() {
        assertThatThrownBy(() -> new Settings(Set.of(), Aggregation.NONE, Duration.ofSeconds(-1), 0))
                .hasMessageContaining("interval: PT-1S");
        assertThatThrownBy(() -> new Settings(Set.of(), Aggregation.NONE, Duration.ZERO, 256))
                .hasMessage("TCP flags: 256 (expected: 0 to 255)");
    }
}
