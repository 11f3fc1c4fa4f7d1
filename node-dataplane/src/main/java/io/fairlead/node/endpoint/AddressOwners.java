package io.fairlead.node.endpoint;

import io.fairlead.contract.Ip;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Who has which address. Not thread-safe: the pool's lock guards it. */
final class AddressOwners {
    private static final String RESTORED = " [restored]";

    private final Map<Ip, Owner> owners = new HashMap<>();

    private record Owner(String name, boolean restored) {
        /** The health endpoint is the same one whoever made it. */
        String text() {
            return restored && !name.equals(AddressPool.HEALTH) ? name + RESTORED : name;
        }
    }

    /** @param restored whether it was there before the agent */
    void put(Ip ip, String name, boolean restored) {
        owners.put(ip, new Owner(name, restored));
    }

    Optional<String> of(Ip ip) {
        return Optional.ofNullable(owners.get(ip)).map(Owner::name);
    }

    boolean has(Ip ip) {
        return owners.containsKey(ip);
    }

    /** False when it is not this one's. */
    boolean remove(Ip ip, String name) {
        boolean theirs = of(ip).filter(name::equals).isPresent();
        if (theirs) {
            owners.remove(ip);
        }
        return theirs;
    }

    Set<Ip> addresses() {
        return owners.keySet();
    }

    Map<Ip, String> texts() {
        return owners.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        Map.Entry::getKey, entry -> entry.getValue().text()));
    }
}
