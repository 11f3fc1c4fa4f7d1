package io.fairlead.ipam.allocation;

import io.fairlead.ipam.pool.Pool;
import io.fairlead.ipam.pool.Pools;
import java.util.List;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pools as the store's events make them. Not safe for several threads. */
final class PoolsView {
    private static final Logger LOGGER = LoggerFactory.getLogger(PoolsView.class);

    private final TreeSet<String> unreadable = new TreeSet<>();
    private Pools pools = Pools.NONE;

    Pools pools() {
        return pools;
    }

    /** For people. */
    List<String> troubles() {
        return unreadable.stream()
                .map(name -> "pool " + name + " cannot be read: nothing is given out from its later state")
                .toList();
    }

    /** True when the key is a pool's. */
    boolean put(IpamKeys keys, String key, String value) {
        if (!key.startsWith(keys.pools())) {
            return false;
        }
        String name = key.substring(keys.pools().length());
        try {
            pools = pools.with(Pool.decode(name, value));
            unreadable.remove(name);
        } catch (IllegalArgumentException e) {
            // what it was before stays: nothing it says can have been taken back
            unreadable.add(name);
            LOGGER.atWarn()
                    .addKeyValue("key", key)
                    .addKeyValue("reason", e.getMessage())
                    .log("Pool cannot be read");
        }
        return true;
    }

    void delete(IpamKeys keys, String key) {
        if (key.startsWith(keys.pools())) {
            String name = key.substring(keys.pools().length());
            unreadable.remove(name);
            pools = pools.without(name);
        }
    }
}
