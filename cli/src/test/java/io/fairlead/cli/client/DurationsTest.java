package io.fairlead.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurationsTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1ns",
        "999, 999ns",
        "1000, 1µs",
        "287500, 287.5µs",
        "1040000, 1.04ms",
        "1234567, 1.234567ms",
        "999999999, 999.999999ms",
        "2000000000, 2s",
        "1500000000, 1.5s"
    })
    void timesArePrintedAsGoDoes(long nanos, String text) {
        assertThat(Durations.text(nanos)).isEqualTo(text);
    }
}
