package io.fairlead.soak;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a run is told.
 *
 * @param duration how long new rounds begin
 * @param seed decides faults, their victims and what nodes ask for
 * @param nodes simulated ones, at most 30
 * @param directory for data, logs and the history
 */
public record SoakOptions(Duration duration, long seed, int nodes, Path directory) {
    private static final int MOST_NODES = 30;

    /**
     * Reads --duration=90s|10m|1h, --seed=NUMBER, --nodes=NUMBER and --directory=PATH.
     *
     * @throws IllegalArgumentException naming the argument that is none of them
     */
    public static SoakOptions parse(List<String> arguments) {
        Duration duration = Duration.ofHours(1);
        long seed = ThreadLocalRandom.current().nextLong(1, 1_000_000_000);
        int nodes = 12;
        Path directory = Path.of("target/soak");
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            String key = equals < 0 ? argument : argument.substring(0, equals);
            String value = equals < 0 ? "" : argument.substring(equals + 1);
            switch (key) {
                case "--duration" -> duration = duration(value);
                case "--seed" -> seed = value.isEmpty() ? seed : number(key, value, Long.MAX_VALUE);
                case "--nodes" -> nodes = (int) number(key, value, MOST_NODES);
                case "--directory" -> directory = Path.of(value);
                default ->
                    throw new IllegalArgumentException("argument: " + argument
                            + " (expected: --duration=10m, --seed=NUMBER, --nodes=NUMBER or --directory=PATH)");
            }
        }
        return new SoakOptions(duration, seed, nodes, directory);
    }

    /** The same as arguments. */
    List<String> arguments() {
        return new ArrayList<>(List.of(
                "--duration=" + duration.toSeconds() + "s",
                "--seed=" + seed,
                "--nodes=" + nodes,
                "--directory=" + directory.toAbsolutePath()));
    }

    private static Duration duration(String text) {
        Matcher matcher = Pattern.compile("([1-9][0-9]{0,5})([smh])").matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("--duration: \"" + text + "\" (expected: such as 90s, 10m or 1h)");
        }
        long count = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            default -> Duration.ofHours(count);
        };
    }

    private static long number(String key, String text, long most) {
        if (text.matches("[1-9][0-9]{0,17}") && Long.parseLong(text) <= most) {
            return Long.parseLong(text);
        }
        throw new IllegalArgumentException(key + ": \"" + text + "\" (expected: 1 to " + most + ")");
    }
}
