package io.fairlead.runtime.grpc.tls;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process's certificate and whom it trusts, kept up with its files: connections that are made after a change use what
 * is new, those there are stay. TLS 1.2 or later, by the JDK's provider. Any thread.
 */
public final class Tls {
    private static final Logger LOGGER = LoggerFactory.getLogger(Tls.class);
    private static final Duration SOON = Duration.ofDays(7);

    private final String what;
    private final PemFiles files;
    private final InstantSource clock;
    private final ReloadingKeys keys;
    private final AtomicLong reloads = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private volatile Material material;
    private volatile String problem = "";
    // owned by: the monitor of this
    private String loaded;
    // owned by: the monitor of this; what the files were when last looked at
    private String seen;

    /**
     * Reads the files.
     *
     * @param what whose certificate it is, for logs, such as "grpc" or "etcd"
     * @throws IllegalArgumentException naming the file and what is wrong with it
     */
    public Tls(String what, PemFiles files, InstantSource clock) {
        this.what = what;
        this.files = files;
        this.clock = clock;
        this.loaded = files.stamp();
        this.seen = loaded;
        this.material = Material.load(files, clock.instant());
        this.keys = new ReloadingKeys(material);
    }

    /** For servers: every client must show a certificate of a trusted authority. */
    public SslContext server() {
        try {
            SslContext context = settings(SslContextBuilder.forServer(keys))
                    .trustManager(trust(Optional.empty()))
                    .clientAuth(ClientAuth.REQUIRE)
                    .build();
            // A resumed session is not checked against the authorities of today.
            context.sessionContext().setSessionTimeout(1);
            return context;
        } catch (SSLException e) {
            throw new IllegalStateException("TLS is not available: " + e, e);
        }
    }

    /** For connections to a peer. */
    public SslContext client(Peer expected) {
        try {
            SslContext context = settings(SslContextBuilder.forClient().keyManager(keys))
                    .trustManager(trust(Optional.of(expected)))
                    // Peer looks at names: the JDK would only know one host of several
                    .endpointIdentificationAlgorithm(null)
                    .build();
            context.sessionContext().setSessionTimeout(1);
            return context;
        } catch (SSLException e) {
            throw new IllegalStateException("TLS is not available: " + e, e);
        }
    }

    private static SslContextBuilder settings(SslContextBuilder builder) {
        return GrpcSslContexts.configure(builder, SslProvider.JDK).protocols("TLSv1.3", "TLSv1.2");
    }

    private ReloadingTrust trust(Optional<Peer> expected) {
        return new ReloadingTrust(this::authorities, expected);
    }

    private X509TrustManager authorities() {
        return material.trust();
    }

    /**
     * Looks whether the files changed; reads them when they did and have come to rest. Files that are wrong leave
     * everything as it is. To be called about each second; blocks for reading.
     */
    public synchronized void check() {
        String now = files.stamp();
        boolean rests = now.equals(seen);
        seen = now;
        if (!rests || now.equals(loaded)) {
            return;
        }
        loaded = now;
        try {
            Material next = Material.load(files, clock.instant());
            material = next;
            keys.add(next);
            problem = "";
            reloads.incrementAndGet();
            LOGGER.atInfo()
                    .addKeyValue("what", what)
                    .addKeyValue("subject", Caller.commonName(next.own()))
                    .addKeyValue("until", next.own().getNotAfter().toInstant())
                    .log("certificates reloaded");
        } catch (IllegalArgumentException e) {
            problem = String.valueOf(e.getMessage());
            failures.incrementAndGet();
            LOGGER.atError()
                    .addKeyValue("what", what)
                    .addKeyValue("reason", problem)
                    .log("changed certificates are not used, those from before stay");
        }
    }

    /** How often changed files were read. */
    public long reloads() {
        return reloads.get();
    }

    /** How often changed files were wrong. */
    public long failures() {
        return failures.get();
    }

    /** False when the own certificate has expired: then no new connection is made. */
    public boolean isValid() {
        return clock.instant().isBefore(until());
    }

    /** For people: whose certificate, until when, and why changed files are not used. */
    public String text() {
        String text = "certificate of " + Caller.commonName(material.own());
        Instant until = until();
        if (!isValid()) {
            text += " expired on " + until;
        } else if (clock.instant().plus(SOON).isAfter(until)) {
            text += " expires soon, on " + until;
        } else {
            text += " is valid until " + until;
        }
        return problem.isEmpty() ? text : text + "; changed files are not used: " + problem;
    }

    private Instant until() {
        return material.own().getNotAfter().toInstant();
    }
}
