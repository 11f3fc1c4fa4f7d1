package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What one request has found out beyond what it read. Its steps follow one another, so no two threads are in it at once. */
final class Choice {
    /** The block chosen for a family. */
    private final Map<Ip.Family, Cidr> chosen = new EnumMap<>(Ip.Family.class);
    /** Those of them that are kept from other requests. */
    final Set<Cidr> reserved = new HashSet<>();
    /** Blocks that turned out to be taken. */
    final Set<Cidr> lost = new HashSet<>();
    /** Keys that are known to be gone whatever the watch still says. */
    final Set<String> gone = new HashSet<>();
    /** How often withheld blocks have been looked through. */
    int looks;

    Optional<Cidr> chosen(Ip.Family family) {
        return Optional.ofNullable(chosen.get(family));
    }

    void choose(Cidr block) {
        chosen.put(block.family(), block);
    }

    void lose(Cidr block) {
        lost.add(block);
        chosen.remove(block.family(), block);
    }
}
