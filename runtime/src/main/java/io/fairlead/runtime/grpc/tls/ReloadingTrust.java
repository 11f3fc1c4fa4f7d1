package io.fairlead.runtime.grpc.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/** Trusts whom the newest authorities trust, and as a client only the peer that is expected. Any thread. */
final class ReloadingTrust extends X509ExtendedTrustManager {
    private final Supplier<X509TrustManager> newest;
    private final Optional<Peer> expected;

    ReloadingTrust(Supplier<X509TrustManager> newest, Optional<Peer> expected) {
        this.newest = newest;
        this.expected = expected;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        try {
            newest.get().checkClientTrusted(chain, type);
        } catch (CertificateException e) {
            throw named(chain, e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        try {
            newest.get().checkServerTrusted(chain, type);
        } catch (CertificateException e) {
            throw named(chain, e);
        }
        if (expected.isPresent()) {
            expected.get().check(chain[0]);
        }
    }

    private static CertificateException named(X509Certificate[] chain, CertificateException cause) {
        String reason = reason(chain[0], cause);
        return new CertificateException("certificate of \"" + Caller.commonName(chain[0]) + "\": " + reason, cause);
    }

    private static String reason(X509Certificate certificate, CertificateException cause) {
        try {
            certificate.checkValidity();
        } catch (CertificateExpiredException e) {
            return "expired on " + certificate.getNotAfter().toInstant() + " (expected: one that is valid now)";
        } catch (CertificateNotYetValidException e) {
            return "not valid before " + certificate.getNotBefore().toInstant() + " (expected: one that is valid now)";
        }
        return cause.getMessage() + " (expected: one of a trusted authority)";
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        checkClientTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        checkServerTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        checkClientTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        checkServerTrusted(chain, type);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return newest.get().getAcceptedIssuers();
    }
}
