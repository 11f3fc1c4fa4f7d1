package io.fairlead.runtime.grpc.tls;

import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.process.Lifecycle;
import io.micrometer.core.instrument.FunctionCounter;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The keys with which a process speaks TLS to all others: three files, or none. */
public final class TlsKeys {
    private static final Logger LOGGER = LoggerFactory.getLogger(TlsKeys.class);
    private static final long LOOK_MILLIS = 1000;

    private final ConfigKey<Optional<Path>> cert;
    private final ConfigKey<Optional<Path>> key;
    private final ConfigKey<Optional<Path>> ca;

    /** Declares the keys. */
    public TlsKeys(ConfigKeys keys) {
        cert = keys.optional(
                "tls-cert-file", Path::of, "PEM certificate of this process; with it gRPC is mutual TLS, else plain");
        key = keys.optional("tls-key-file", Path::of, "PEM private key of tls-cert-file");
        ca = keys.optional(
                "tls-ca-file", Path::of, "PEM certificates of the authorities whose certificates are trusted");
        keys.check(List.of(cert, key, ca), this::mistakes);
    }

    /**
     * The process's certificate, kept up with its files while it runs; empty without files.
     *
     * @throws IllegalArgumentException when files have become wrong since the configuration was read
     */
    public Optional<Tls> from(Config config, Lifecycle life) {
        Optional<Path> certFile = config.get(cert);
        Optional<Path> keyFile = config.get(key);
        Optional<Path> caFile = config.get(ca);
        if (certFile.isEmpty() && keyFile.isEmpty() && caFile.isEmpty()) {
            LOGGER.atWarn()
                    .log("TLS is off: gRPC is plain text, whoever reaches a port may do everything"
                            + " (tls-cert-file, tls-key-file and tls-ca-file turn it on)");
            return Optional.empty();
        }
        PemFiles files = new PemFiles(certFile.orElseThrow(), keyFile.orElseThrow(), caFile.orElseThrow());
        return Optional.of(kept("grpc", files, life));
    }

    /** Everything that is wrong with the three files, one line each. */
    private List<String> mistakes(Config config) {
        List<ConfigKey<Optional<Path>>> all = List.of(cert, key, ca);
        List<String> mistakes = new ArrayList<>();
        List<String> missing = all.stream()
                .filter(each -> config.get(each).isEmpty())
                .map(ConfigKey::name)
                .toList();
        if (missing.size() == all.size()) {
            return List.of();
        }
        if (!missing.isEmpty()) {
            mistakes.add(String.join(", ", missing)
                    + ": missing (expected: all of tls-cert-file, tls-key-file and tls-ca-file, or none)");
        }
        Optional<X509Certificate> own =
                config.get(cert).flatMap(file -> read(cert, mistakes, () -> Material.own(file, Instant.now())));
        config.get(key)
                .ifPresent(file -> read(
                        key,
                        mistakes,
                        () -> own.isPresent() ? Material.key(file, own.get(), cert.name()) : Pem.labels(file)));
        config.get(ca).ifPresent(file -> read(ca, mistakes, () -> Pem.certificates(file)));
        return mistakes;
    }

    private static <T> Optional<T> read(ConfigKey<?> key, List<String> mistakes, Supplier<T> reader) {
        try {
            return Optional.of(reader.get());
        } catch (IllegalArgumentException e) {
            mistakes.add(key.name() + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    /** A certificate that is kept up with its files while a process runs, and shows in its health and metrics. */
    static Tls kept(String what, PemFiles files, Lifecycle life) {
        Tls tls = new Tls(what, files, InstantSource.system());
        long timer = life.vertx()
                .setPeriodic(
                        LOOK_MILLIS,
                        ignored -> life.vertx()
                                .<Void>executeBlocking(() -> {
                                    tls.check();
                                    return null;
                                })
                                .onFailure(e -> LOGGER.atError().setCause(e).log("looking at certificates failed")));
        life.onStop("certificates of " + what, () -> {
            life.vertx().cancelTimer(timer);
            return Future.succeededFuture();
        });
        life.health().register("tls-" + what, HealthCheck.of(() -> new HealthCheck.State(tls.isValid(), tls.text())));
        FunctionCounter.builder("fairlead_tls_reloads", tls, Tls::reloads)
                .description("times that changed certificate files were read")
                .tag("what", what)
                .register(life.metrics());
        FunctionCounter.builder("fairlead_tls_reload_failures", tls, Tls::failures)
                .description("times that changed certificate files were wrong and not used")
                .tag("what", what)
                .register(life.metrics());
        LOGGER.atInfo()
                .addKeyValue("what", what)
                .addKeyValue("certificate", tls.text())
                .log("TLS is on");
        return tls;
    }
}
