package io.fairlead.runtime.process.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts a main class in a virtual machine of its own, on the class path of the caller. */
public final class JavaProcess {
    private JavaProcess() {}

    /**
     * Starts it. What it prints goes to a file; none of the caller's FAIRLEAD_* variables configures it.
     *
     * @throws IOException when it cannot be started
     */
    public static Process start(Class<?> main, Path log, List<String> arguments) throws IOException {
        return builder(List.of(), main, log, arguments).start();
    }

    /**
     * What starts it, for those who have more to say about it.
     *
     * @param launcher command that executes what is appended to it, such as "ip netns exec NAME"; empty for none
     */
    public static ProcessBuilder builder(List<String> launcher, Class<?> main, Path log, List<String> arguments) {
        List<String> command = new ArrayList<>(launcher);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().keySet().removeIf(name -> name.startsWith("FAIRLEAD_"));
        return builder;
    }
}
