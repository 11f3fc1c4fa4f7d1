package io.fairlead.node.kernel.netlink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;

/** A network namespace of a test's own, gone when it is closed. */
public final class TestNetns implements AutoCloseable {
    private final String name =
            "fl-" + Long.toString(ThreadLocalRandom.current().nextLong(1L << 40), 36);

    public TestNetns() {
        exec("ip", "netns", "add", name);
        ip("link set lo up");
    }

    public String name() {
        return name;
    }

    public String path() {
        return "/run/netns/" + name;
    }

    /** Runs iproute2 in the namespace and returns what it printed. */
    public String ip(String arguments) {
        List<String> command = new ArrayList<>(List.of("ip", "-n", name));
        command.addAll(List.of(arguments.split(" ")));
        return exec(command.toArray(String[]::new));
    }

    /** Runs a command in the namespace; returns its exit status. */
    public int status(String command) {
        List<String> words = new ArrayList<>(List.of("nsenter", "--net=" + path()));
        words.addAll(List.of(command.split(" ")));
        try {
            Process process = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(command, e);
        }
    }

    public <T> T run(Callable<T> action) {
        return NetNs.run(path(), action);
    }

    /** A pair of devices, both up, the first with the address 10.9.0.1/16 and the second without any. */
    public void addPair(String first, String second) {
        ip("link add " + first + " type veth peer name " + second);
        ip("link set " + first + " up");
        ip("link set " + second + " up");
        ip("addr add 10.9.0.1/16 dev " + first);
        ip("addr add 2001:db8:9::1/64 dev " + first + " nodad");
    }

    public static String exec(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + ": " + output);
            }
            return output;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(String.join(" ", command), e);
        }
    }

    @Override
    public void close() {
        exec("ip", "netns", "del", name);
    }
}
