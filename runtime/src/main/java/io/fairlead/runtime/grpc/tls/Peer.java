package io.fairlead.runtime.grpc.tls;

import io.fairlead.runtime.config.HostPort;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whom a client expects to reach: a certificate that names one of the hosts it was told, and of the right kind.
 *
 * <p>All hosts of a list count for each of its connections: they are replicas, and trusted alike.
 *
 * @param kind empty for who is not of ours, such as etcd
 * @param hosts names and addresses, as configured
 */
public record Peer(Optional<Caller.Kind> kind, Set<String> hosts) {
    private static final int DNS = 2;
    private static final int ADDRESS = 7;

    public Peer {
        hosts = Set.copyOf(hosts);
    }

    /** One of the replicas of a service. */
    public static Peer service(Collection<HostPort> addresses) {
        return new Peer(Optional.of(Caller.Kind.SERVICE), hostsOf(addresses));
    }

    /** Another node's agent. */
    public static Peer node(HostPort address) {
        return new Peer(Optional.of(Caller.Kind.NODE), hostsOf(List.of(address)));
    }

    /** A server of the store. */
    public static Peer store(Collection<HostPort> addresses) {
        return new Peer(Optional.empty(), hostsOf(addresses));
    }

    private static Set<String> hostsOf(Collection<HostPort> addresses) {
        return addresses.stream().map(HostPort::host).collect(Collectors.toSet());
    }

    /** @throws CertificateException saying which certificate was shown instead */
    void check(X509Certificate certificate) throws CertificateException {
        if (kind.isPresent()
                && Caller.of(certificate)
                        .map(Caller::kind)
                        .filter(kind.get()::equals)
                        .isEmpty()) {
            throw new CertificateException("certificate of \"" + Caller.commonName(certificate) + "\" (expected: CN "
                    + kind.get().text() + ":…)");
        }
        Collection<List<?>> names = certificate.getSubjectAlternativeNames();
        if (names != null) {
            for (List<?> name : names) {
                if (name.get(0) instanceof Integer type
                        && name.get(1) instanceof String text
                        && isExpected(type, text)) {
                    return;
                }
            }
        }
        throw new CertificateException("certificate of \"" + Caller.commonName(certificate)
                + "\" (expected: subject alternative name " + String.join(" or ", hosts) + ")");
    }

    private boolean isExpected(int type, String text) {
        return switch (type) {
            case DNS -> hosts.stream().anyMatch(host -> isName(host) && covers(text, host));
            case ADDRESS -> hosts.stream().anyMatch(host -> !isName(host) && sameAddress(text, host));
            default -> false;
        };
    }

    private static boolean isName(String host) {
        return host.indexOf(':') < 0 && !host.matches("[0-9.]+");
    }

    /** A star stands for the first label, all of it (RFC 6125, 6.4.3). */
    private static boolean covers(String pattern, String host) {
        String wanted = host.toLowerCase(Locale.ROOT);
        String given = pattern.toLowerCase(Locale.ROOT);
        int dot = wanted.indexOf('.');
        return given.equals(wanted)
                || (given.startsWith("*.") && dot > 0 && given.substring(1).equals(wanted.substring(dot)));
    }

    private static boolean sameAddress(String one, String other) {
        try {
            // both are addresses, so nobody is asked
            return InetAddress.getByName(one).equals(InetAddress.getByName(other));
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
