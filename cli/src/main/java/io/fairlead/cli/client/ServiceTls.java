package io.fairlead.cli.client;

import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NegotiationType;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContext;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Optional;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * How the command and services know each other.
 *
 * @param files empty for plain connections
 */
public record ServiceTls(Optional<Pem> files) {
    /** Plain connections. */
    public static final ServiceTls NONE = new ServiceTls(Optional.empty());

    /**
     * PEM files.
     *
     * @param cert the caller's certificate, CN admin:NAME
     * @param key its private key, PKCS #8
     * @param ca the authorities that services' certificates are from
     */
    public record Pem(Path cert, Path key, Path ca) {}

    /** @throws AgentException naming the file that is wrong */
    void secure(NettyChannelBuilder builder) {
        if (files.isEmpty()) {
            builder.usePlaintext();
        } else {
            builder.negotiationType(NegotiationType.TLS).sslContext(context(files.get()));
        }
    }

    private static SslContext context(Pem pem) {
        try {
            return GrpcSslContexts.forClient()
                    .keyManager(readable("certificate", pem.cert()), readable("key", pem.key()))
                    .trustManager(services(pem.ca()))
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
        } catch (IOException | GeneralSecurityException e) {
            throw new AgentException("TLS: " + pem.ca() + " (expected: PEM certificates: " + e.getMessage() + ")", e);
        } catch (IllegalArgumentException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new AgentException(
                    "TLS: " + pem.cert() + " and " + pem.key() + " (expected: a certificate and its key in PEM: "
                            + cause.getMessage() + ")",
                    e);
        }
    }

    private static File readable(String what, Path file) {
        if (!Files.isReadable(file)) {
            throw new AgentException("TLS " + what + ": " + file + " (expected: a readable PEM file)", null);
        }
        return file.toFile();
    }

    private static TrustManager services(Path ca) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(readable("authorities", ca).toPath())) {
            int count = 0;
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca" + count++, certificate);
            }
            if (count == 0) {
                throw new CertificateException("it holds none");
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) {
                return new ServicesOnly(extended);
            }
        }
        throw new CertificateException("the JDK has no trust manager for them");
    }
}
