package io.fairlead.routes.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FailuresTest {
    @Test
    void aFewAreToldAsTheyAre() {
        Map<String, String> two = Map.of("10.244.2.0/24", "b", "10.244.1.0/24", "a");
        assertThat(Failures.few(two)).isEqualTo(two);
        assertThat(Failures.text(two)).isEqualTo("2 routes refused: 10.244.1.0/24: a");
        assertThat(Failures.text(Map.of("10.244.1.0/24", "a"))).isEqualTo("1 route refused: 10.244.1.0/24: a");
    }

    @Test
    void ofThousandsOnlyAFewAreNamed() {
        Map<String, String> many = new HashMap<>();
        for (int i = 0; i < 5_000; i++) {
            many.put("10.%03d.%03d.0/24".formatted(i / 250, i % 250), "device is down");
        }
        Map<String, String> few = Failures.few(many);
        assertThat(few).hasSize(9).containsEntry(Failures.OTHERS, "4992 more");
        assertThat(Failures.text(few)).isEqualTo("8 routes refused and 4992 more: 10.000.000.0/24: device is down");
        assertThat(Failures.text(Map.of(Failures.OTHERS, "7 more"))).isEqualTo("routes refused: 7 more");
    }
}
