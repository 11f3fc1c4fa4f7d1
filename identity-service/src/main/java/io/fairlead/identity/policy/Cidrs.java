package io.fairlead.identity.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.policy.Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads prefixes. Bits behind the prefix are dropped, as Kubernetes does. */
final class Cidrs {
    private Cidrs() {}

    /** A prefix, or a bare address where that may be. */
    static Optional<Cidr> read(Field field, boolean addressToo) {
        return field.parsed(text -> parse(text, addressToo));
    }

    private static Cidr parse(String text, boolean addressToo) {
        int slash = text.indexOf('/');
        String expected = "CIDR: \"" + text + "\" (expected: address/length such as 10.0.0.0/8"
                + (addressToo ? ", or an address)" : ")");
        try {
            Ip ip = Ip.parse(slash < 0 ? text : text.substring(0, slash));
            if (slash < 0 && addressToo) {
                return ip.toCidr();
            }
            String length = text.substring(slash + 1);
            if (slash >= 0 && length.matches("0|[1-9][0-9]{0,2}")) {
                int bits = Integer.parseInt(length);
                if (bits <= ip.family().bits()) {
                    return Cidr.containing(ip, bits);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(expected, e);
        }
        throw new IllegalArgumentException(expected);
    }

    /** A prefix and those in it that do not count: fields "cidr" and "except". */
    static Optional<Peer> withExcept(Field field) {
        Optional<Cidr> cidr =
                field.required("cidr", "address/length such as 10.0.0.0/8").flatMap(f -> read(f, false));
        List<Cidr> except = new ArrayList<>();
        field.child("except")
                .ifPresent(list -> list.items().forEach(item -> {
                    Optional<Cidr> hole = read(item, false);
                    boolean inside =
                            cidr.isEmpty() || hole.isEmpty() || (cidr.get().contains(hole.get()) && !cidr.equals(hole));
                    if (!inside) {
                        item.mistake("CIDR: " + hole.get() + " (expected: a prefix within " + cidr.get()
                                + ", not all of it)");
                    } else {
                        hole.ifPresent(except::add);
                    }
                }));
        return cidr.map(prefix -> new Peer.Prefix(prefix, except));
    }
}
