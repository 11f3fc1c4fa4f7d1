package io.fairlead.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the bench: enters namespaces of its own first, so that whatever it starts ends with it.
 *
 * <p>Ends with 0 when every invariant held, 1 when one did not, 2 when it could not be run.
 */
public final class SoakMain {
    private static final String INSIDE = "--inside";

    private SoakMain() {}

    /** Runs it; {@link SoakOptions#parse} says what the arguments are. */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(args));
        boolean inside = arguments.remove(INSIDE);
        try {
            SoakOptions options = SoakOptions.parse(arguments);
            System.exit(inside ? inside(options) : launch(options));
        } catch (IllegalArgumentException e) {
            System.err.println("soak: " + e.getMessage());
            System.exit(2);
        }
    }

    /** Runs it in a virtual machine of its own, inside new namespaces; what it prints goes where this one prints. */
    public static int launch(SoakOptions options) throws IOException, InterruptedException {
        Process process = command(options).inheritIO().start();
        Thread end = new Thread(process::destroyForcibly, "soak-exit");
        Runtime.getRuntime().addShutdownHook(end);
        return process.waitFor();
    }

    /** What {@link #launch} starts. When the first of its processes ends, the kernel ends all others. */
    static ProcessBuilder command(SoakOptions options) throws IOException {
        Files.createDirectories(options.directory());
        // where `ip netns` keeps names: covered by a mount inside, so it only has to be there
        Files.createDirectories(Path.of("/run/netns"));
        List<String> command = new ArrayList<>(List.of(
                "unshare",
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "--propagation=private"));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                SoakMain.class.getName(),
                INSIDE));
        command.addAll(options.arguments());
        return new ProcessBuilder(command);
    }

    private static int inside(SoakOptions options) throws IOException, InterruptedException {
        Path fresh = Files.createTempDirectory(options.directory(), "seed-" + options.seed() + "-");
        SoakOptions there = new SoakOptions(options.duration(), options.seed(), options.nodes(), fresh);
        try (SoakRun run = new SoakRun(there, SoakMain::print)) {
            return run.run() ? 0 : 1;
        } catch (IllegalStateException e) {
            print("soak: cannot go on: " + e.getMessage());
            return 2;
        }
    }

    private static void print(String line) {
        System.out.println(line);
    }
}
