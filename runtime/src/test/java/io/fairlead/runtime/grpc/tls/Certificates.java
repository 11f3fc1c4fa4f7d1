package io.fairlead.runtime.grpc.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** An authority in a directory, and what it issues; made by the script users have. */
final class Certificates {
    private static final Path SCRIPT = Path.of("../deploy/bin/make-certs").toAbsolutePath();

    private final Path dir;

    Certificates(Path dir, String name) {
        this.dir = dir;
        make("ca", name);
    }

    PemFiles node(String name) {
        make("node", name, "127.0.0.1");
        return files("node-" + name);
    }

    PemFiles service(String name, String... hosts) {
        List<String> all = new ArrayList<>(List.of("service", name));
        all.addAll(List.of(hosts));
        make(all.toArray(new String[0]));
        return files("service-" + name);
    }

    PemFiles admin(String name) {
        make("admin", name);
        return files("admin-" + name);
    }

    PemFiles client(String name) {
        make("client", name);
        return files(name);
    }

    /** One that was valid until yesterday. */
    PemFiles expired(String cn, String file) {
        run(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-batch",
                "-config",
                "/dev/null",
                "-subj",
                "/CN=" + cn,
                "-keyout",
                file + ".key",
                "-out",
                file + ".csr");
        run(
                "openssl",
                "x509",
                "-req",
                "-in",
                file + ".csr",
                "-CA",
                "ca.crt",
                "-CAkey",
                "ca.key",
                "-days",
                "-1",
                "-CAcreateserial",
                "-out",
                file + ".crt");
        return files(file);
    }

    PemFiles files(String name) {
        return new PemFiles(dir.resolve(name + ".crt"), dir.resolve(name + ".key"), dir.resolve("ca.crt"));
    }

    void make(String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPT.toString(), dir.toString()));
        command.addAll(List.of(arguments));
        run(command.toArray(new String[0]));
    }

    /** Puts one process's files in the place of another's, as a rotation does. */
    static void replace(PemFiles there, PemFiles by) throws IOException {
        for (int i = 0; i < 3; i++) {
            Path target = there.all().get(i);
            Path copy = target.resolveSibling(target.getFileName() + ".copy");
            Files.copy(by.all().get(i), copy, StandardCopyOption.REPLACE_EXISTING);
            Files.move(copy, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** The same files under another name, to be replaced. */
    PemFiles copy(PemFiles from, String name) throws IOException {
        Path to = dir.resolve(name);
        Files.createDirectories(to);
        PemFiles copy = new PemFiles(to.resolve("tls.crt"), to.resolve("tls.key"), to.resolve("ca.crt"));
        replace(copy, from);
        return copy;
    }

    void run(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .directory(Files.createDirectories(dir).toFile())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + ": " + said);
            }
        } catch (IOException e) {
            throw new IllegalStateException(String.join(" ", command), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
