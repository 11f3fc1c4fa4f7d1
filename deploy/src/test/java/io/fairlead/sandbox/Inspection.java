package io.fairlead.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** What a running cluster tells those who look, and what it must keep to itself. */
final class Inspection {
    private static final List<String> JSON_COMMANDS =
            List.of("status", "node list", "route list", "ipam pools", "route convergence", "policy get");

    private final Sandbox sandbox;
    private final Path state;

    Inspection(Sandbox sandbox) {
        this.sandbox = sandbox;
        this.state = Path.of(
                System.getenv().getOrDefault("FAIRLEAD_SANDBOX_STATE", "/run/fairlead-sandbox"), sandbox.name());
    }

    /** A node's certificate speaks for its node alone; without one of the cluster's nobody is heard. */
    void refusesIntruders() throws Exception {
        Path foreign = Files.createTempDirectory("fl-foreign");
        String certs = Path.of("bin/make-certs").toAbsolutePath().toString();
        run(List.of(certs, foreign.toString(), "ca", "foreign"));
        run(List.of(certs, foreign.toString(), "node", "dev1", "192.168.2.31"));
        String classes = Path.of("target/test-classes").toAbsolutePath() + ":"
                + Path.of("target/dist/lib").toAbsolutePath() + "/*";
        String said = sandbox.ok(
                "node",
                "exec",
                "dev1",
                "--",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classes,
                "io.fairlead.sandbox.Intruder",
                "192.168.2.10:7301",
                state.resolve("tls").toString(),
                foreign.toString(),
                "192.168.2.11:7301");
        assertThat(said)
                .contains("own name -> PERMISSION_DENIED: node:dev1 may not publish 10.244.250.9")
                .contains("other name -> PERMISSION_DENIED: node:dev1 may not publish as dev2")
                .contains("foreign authority -> UNAVAILABLE")
                .contains("plain -> UNAVAILABLE")
                .doesNotContain("-> published");
        assertThat(sandbox.ok("logs", "identity-1"))
                .containsPattern("call refused .*node:dev1 may not publish as dev2")
                .containsPattern("connection refused .*from=\"?/192\\.168\\.2\\.31:.*trusted authority");
        assertThat(sandbox.ok("logs", "identity-2")).contains("it does not speak TLS");
    }

    /** Every process that serves metrics serves them as Prometheus wants them. */
    void metricsPassPromtool() throws Exception {
        for (Map.Entry<String, String> each : metrics().entrySet()) {
            Path file = Files.createTempFile("fl-metrics", ".txt");
            Files.writeString(file, each.getValue());
            assertThat(each.getValue()).as(each.getKey()).contains("# TYPE fairlead_");
            Process check = new ProcessBuilder("promtool", "check", "metrics")
                    .redirectInput(file.toFile())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(check.waitFor()).as("%s: %s", each.getKey(), said).isZero();
            Files.delete(file);
        }
    }

    /** The archive has what the agent, the kernel and the health addresses say, and nobody's password. */
    void sysdumpHasItsPartsAndNoSecretIsTold() throws Exception {
        Path zip = Files.createTempDirectory("fl-sysdump").resolve("dump.zip");
        sandbox.ok(
                "fairlead",
                "dev1",
                "--",
                "sysdump",
                "--output-file=" + zip,
                "--health-address=127.0.0.1:9879,192.168.2.10:7401,192.168.2.10:7402,192.168.2.10:7403",
                "--log=" + state.resolve("log/dev1.log") + "," + state.resolve("log/identity-1.log"));
        Map<String, String> told = new LinkedHashMap<>(unzip(zip));
        assertThat(told.keySet())
                .anyMatch(name -> name.endsWith("/agent/status.json"))
                .anyMatch(name -> name.endsWith("/kernel/ip-4-route-show-table-all.txt"))
                .anyMatch(name -> name.endsWith("-9879/metrics.txt"))
                .anyMatch(name -> name.endsWith("-7402/healthz.json"))
                .anyMatch(name -> name.endsWith("identity-1.log"));
        Files.delete(zip);
        told.putAll(metrics());
        for (String command : JSON_COMMANDS) {
            List<String> words = new ArrayList<>(List.of("fairlead", "dev1", "--"));
            words.addAll(List.of(command.split(" ")));
            words.addAll(List.of("-o", "json"));
            told.put(command, sandbox.ok(words.toArray(String[]::new)));
        }
        try (var logs = Files.list(state.resolve("log"))) {
            for (Path log : logs.toList()) {
                told.put(log.toString(), Files.readString(log, StandardCharsets.ISO_8859_1));
            }
        }
        told.put("processes", run(List.of("ps", "axww", "-o", "args")));
        for (String user : List.of("identity", "ipam", "routes")) {
            String password = Files.readString(state.resolve("tls/etcd/" + user + ".password"));
            assertThat(password).hasSizeGreaterThan(20);
            told.forEach((where, text) -> assertThat(text.contains(password))
                    .as("password of " + user + " in " + where)
                    .isFalse());
        }
        // each service may read and write all that it needs
        for (String service : List.of("identity", "ipam", "route")) {
            assertThat(sandbox.ok("logs", service)).doesNotContain("etcdserver: permission denied");
        }
    }

    private Map<String, String> metrics() throws Exception {
        Map<String, String> all = new LinkedHashMap<>();
        for (int replica = 1; replica <= 2; replica++) {
            for (int port = 7401; port <= 7403; port++) {
                all.put(port + " of replica " + replica, fetch("192.168.2." + (9 + replica) + ":" + port));
            }
        }
        all.put("agent", fetch("127.0.0.1:9879"));
        return all;
    }

    private String fetch(String address) {
        return sandbox.ok("node", "exec", "dev1", "--", "curl", "-sfm", "5", "http://" + address + "/metrics");
    }

    private static Map<String, String> unzip(Path zip) throws IOException {
        Map<String, String> entries = new LinkedHashMap<>();
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.put(entry.getName(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return entries;
    }

    private static String run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as("%s: %s", command, said).isZero();
        return said;
    }
}
