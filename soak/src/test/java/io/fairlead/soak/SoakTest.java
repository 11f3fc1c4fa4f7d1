package io.fairlead.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Short runs; `make soak` runs as long as it is told. */
class SoakTest {
    private static final Duration SHORT = Duration.ofSeconds(15);

    @Test
    @Tag("root")
    @Timeout(value = 8, unit = TimeUnit.MINUTES)
    void everyInvariantHoldsWithAKnownSeed(@TempDir Path directory) throws Exception {
        run(new SoakOptions(SHORT, 1, 8, directory));
    }

    @Test
    @Tag("root")
    @Timeout(value = 8, unit = TimeUnit.MINUTES)
    void everyInvariantHoldsWithASeedNobodyHasTried(@TempDir Path directory) throws Exception {
        run(new SoakOptions(SHORT, ThreadLocalRandom.current().nextLong(1, 1_000_000_000), 8, directory));
    }

    @Test
    void optionsAreReadAndMistakesNamed() {
        SoakOptions options = SoakOptions.parse(List.of("--duration=10m", "--seed=7", "--nodes=3"));
        assertThat(options.duration()).isEqualTo(Duration.ofMinutes(10));
        assertThat(options.seed()).isEqualTo(7);
        assertThat(SoakOptions.parse(options.arguments()).nodes()).isEqualTo(3);
        for (String wrong : List.of("--duration=10", "--duration=", "--seed=-1", "--nodes=31", "--other=1", "x")) {
            assertThatThrownBy(() -> SoakOptions.parse(List.of(wrong)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected:");
        }
    }

    private static void run(SoakOptions options) throws Exception {
        Path said = options.directory().resolve("said.txt");
        Process process = SoakMain.command(options)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            assertThat(process.waitFor()).as(() -> read(said)).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return file + ": " + e.getMessage();
        }
    }
}
