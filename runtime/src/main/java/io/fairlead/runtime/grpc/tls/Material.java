package io.fairlead.runtime.grpc.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * What was in the files when they were last good.
 *
 * @param chain the own certificate first
 * @param key fits the own certificate
 * @param trust checks others' certificates
 */
record Material(List<X509Certificate> chain, PrivateKey key, X509TrustManager trust) {
    /**
     * Reads and checks the files.
     *
     * @throws IllegalArgumentException naming the file and what is wrong with it
     */
    static Material load(PemFiles files, Instant now) {
        List<X509Certificate> chain = valid(files.cert(), now);
        return new Material(chain, key(files.key(), chain.get(0), files.cert().toString()), trust(files));
    }

    /**
     * The first certificate of a file, which must be valid.
     *
     * @throws IllegalArgumentException naming the file and what is wrong with it
     */
    static X509Certificate own(Path cert, Instant now) {
        return valid(cert, now).get(0);
    }

    private static List<X509Certificate> valid(Path cert, Instant now) {
        List<X509Certificate> chain = Pem.certificates(cert);
        X509Certificate own = chain.get(0);
        if (now.isAfter(own.getNotAfter().toInstant())) {
            throw Pem.wrong(
                    cert, "expired on " + own.getNotAfter().toInstant(), "a certificate that is valid now", null);
        }
        if (now.isBefore(own.getNotBefore().toInstant())) {
            throw Pem.wrong(
                    cert,
                    "is not valid before " + own.getNotBefore().toInstant(),
                    "a certificate that is valid now",
                    null);
        }
        return chain;
    }

    /**
     * The private key of a certificate.
     *
     * @param of where the certificate is from, for people
     * @throws IllegalArgumentException naming the file and what is wrong with it
     */
    static PrivateKey key(Path file, X509Certificate own, String of) {
        PrivateKey key = Pem.key(file, own.getPublicKey());
        if (!fit(key, own.getPublicKey())) {
            throw Pem.wrong(file, "does not match the certificate", "the private key of " + of, null);
        }
        return key;
    }

    X509Certificate own() {
        return chain.get(0);
    }

    private static boolean fit(PrivateKey key, PublicKey publicKey) {
        String algorithm = switch (publicKey.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> publicKey.getAlgorithm();
        };
        try {
            byte[] challenge = new byte[32];
            new SecureRandom().nextBytes(challenge);
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(challenge);
            byte[] signed = signer.sign();
            signer.initVerify(publicKey);
            signer.update(challenge);
            return signer.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static X509TrustManager trust(PemFiles files) {
        List<X509Certificate> authorities = Pem.certificates(files.ca());
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < authorities.size(); i++) {
                store.setCertificateEntry("ca" + i, authorities.get(i));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509TrustManager x509) {
                    return x509;
                }
            }
        } catch (GeneralSecurityException | IOException e) {
            throw Pem.wrong(files.ca(), "cannot be used", "certificates of authorities", e);
        }
        throw Pem.wrong(files.ca(), "cannot be used", "certificates of authorities", null);
    }
}
