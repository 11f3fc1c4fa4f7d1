package io.fairlead.runtime.grpc;

import io.fairlead.runtime.config.HostPort;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/**
 * An order of replicas for each who asks (highest random weight, Thaler and Ravishankar 1998): each replica is the first of
 * about as many, and when one goes its users spread over all the others.
 */
final class Spread {
    private Spread() {}

    /** The replicas in the order of who asks; the same each time. As they stand for nobody in particular. */
    static List<HostPort> order(List<HostPort> addresses, String spreadBy) {
        if (spreadBy.isEmpty()) {
            return List.copyOf(addresses);
        }
        return addresses.stream()
                .sorted(Comparator.comparingLong((HostPort address) -> weight(spreadBy + "@" + address)))
                .toList();
    }

    /** FNV-1a, then the finaliser of SplitMix64: neighbouring names must not have neighbouring weights. */
    private static long weight(String text) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        hash = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        hash = (hash ^ (hash >>> 27)) * 0x94d049bb133111ebL;
        return hash ^ (hash >>> 31);
    }
}
