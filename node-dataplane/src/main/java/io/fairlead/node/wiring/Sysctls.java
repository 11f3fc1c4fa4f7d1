package io.fairlead.node.wiring;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Settings under /proc/sys/net of the namespace the calling thread is in (the kernel resolves them by thread, not by
 * process).
 */
final class Sysctls {
    private static final Path ROOT = Path.of("/proc/sys/net");

    private Sysctls() {}

    /**
     * Writes the settings that have another value; a setting with the right one is left alone, since writing has effects.
     *
     * @return how many were written
     */
    static int ensure(Map<String, String> settings) {
        int written = 0;
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            if (!read(setting.getKey()).equals(setting.getValue())) {
                write(setting.getKey(), setting.getValue());
                written++;
            }
        }
        return written;
    }

    /** Writes settings of a device just made. */
    static void write(Map<String, String> settings) {
        settings.forEach(Sysctls::write);
    }

    /** One sentence for each setting that has another value. */
    static List<String> differences(Map<String, String> settings) {
        List<String> differences = new ArrayList<>();
        settings.forEach((name, value) -> {
            String now = read(name);
            if (!now.equals(value)) {
                differences.add("sysctl net/" + name + ": " + now + " (expected: " + value + ")");
            }
        });
        return differences;
    }

    private static String read(String name) {
        try {
            return Files.readString(ROOT.resolve(name)).strip();
        } catch (IOException e) {
            throw failure("read", name, e);
        }
    }

    private static void write(String name, String value) {
        try {
            Files.write(ROOT.resolve(name), value.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw failure("write", name, e);
        }
    }

    private static KernelException failure(String verb, String name, IOException e) {
        FailureKind kind = e instanceof NoSuchFileException ? FailureKind.RESYNC : FailureKind.GIVE_UP;
        return new KernelException(verb + " sysctl net/" + name, 0, String.valueOf(e.getMessage()), kind);
    }
}
