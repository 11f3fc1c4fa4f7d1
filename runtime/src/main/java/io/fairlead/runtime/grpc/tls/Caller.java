package io.fairlead.runtime.grpc.tls;

import io.grpc.Context;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Who calls, as the common name of their certificate says: {@code node:NAME}, {@code service:NAME} or {@code admin:NAME}.
 *
 * @param kind what they are
 * @param name which one; empty for who has no certificate because none is asked for
 */
public record Caller(Kind kind, String name) {
    /** Of the call that is being handled; {@link #ANONYMOUS} where there is none. */
    public static final Context.Key<Caller> CURRENT =
            Context.keyWithDefault("fairlead-caller", new Caller(Kind.ANYBODY, ""));

    /** Somebody on a plain connection. */
    public static final Caller ANONYMOUS = new Caller(Kind.ANYBODY, "");

    /** What callers are. */
    public enum Kind {
        /** An agent. */
        NODE,
        /** A service of the control plane. */
        SERVICE,
        /** A person, or what acts for one. */
        ADMIN,
        /** Whoever reaches the port; only without certificates. */
        ANYBODY;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The caller a certificate stands for; empty when its common name has another form. */
    static Optional<Caller> of(X509Certificate certificate) {
        String name = commonName(certificate);
        int colon = name.indexOf(':');
        for (Kind kind : List.of(Kind.NODE, Kind.SERVICE, Kind.ADMIN)) {
            if (colon > 0
                    && colon < name.length() - 1
                    && name.substring(0, colon).equals(kind.text())) {
                return Optional.of(new Caller(kind, name.substring(colon + 1)));
            }
        }
        return Optional.empty();
    }

    /** The common name of a certificate's subject; empty unless it has exactly one. */
    static String commonName(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (part.size() == 1 && part.getType().equalsIgnoreCase("CN")) {
                    names.add(String.valueOf(part.getValue()));
                }
            }
        } catch (InvalidNameException e) {
            return "";
        }
        return names.size() == 1 ? names.get(0) : "";
    }

    /** As in the certificate, such as "node:dev1". */
    @Override
    public String toString() {
        return kind == Kind.ANYBODY ? "anonymous" : kind.text() + ":" + name;
    }
}
