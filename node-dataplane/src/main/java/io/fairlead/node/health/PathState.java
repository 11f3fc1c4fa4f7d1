package io.fairlead.node.health;

import io.fairlead.contract.Ip;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is known of the way to an address.
 *
 * @param ip the address
 * @param icmp how the last echo ended, once one has
 * @param http how the last request ended, once one has
 */
public record PathState(Ip ip, Optional<ProbeOutcome> icmp, Optional<ProbeOutcome> http) {

    /** Whether probes arrive. */
    public enum Reach {
        REACHABLE,
        UNREACHABLE,
        UNKNOWN;

        /** The word as lists have it. */
        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    Stream<ProbeOutcome> outcomes() {
        return Stream.concat(icmp.stream(), http.stream());
    }

    /** Reachable when every probe was answered, unreachable when one was not, unknown while one is missing. */
    public static Reach reach(List<PathState> paths) {
        if (paths.stream().flatMap(PathState::outcomes).anyMatch(o -> o instanceof ProbeOutcome.Failed)) {
            return Reach.UNREACHABLE;
        }
        boolean all = paths.stream()
                .allMatch(path -> path.icmp().isPresent() && path.http().isPresent());
        return all ? Reach.REACHABLE : Reach.UNKNOWN;
    }
}
