package io.fairlead.identity.upkeep;

import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.Values;
import java.time.Duration;

/** The keys that say how identities are looked after. */
public final class UpkeepKeys {
    private final ConfigKey<Duration> interval;
    private final ConfigKey<Integer> perMinute;
    private final ConfigKey<Duration> grace;
    private final ConfigKey<Duration> unused;

    /** Adds the keys to those of a process. */
    public UpkeepKeys(ConfigKeys keys) {
        interval = keys.add(
                "identity-gc-interval",
                Values.DURATION,
                "15m",
                "time between two looks for unused identities; one unused in two of them is deleted");
        perMinute = keys.add(
                "identity-gc-rate-limit",
                Values.integer(1, 1_000_000),
                "2500",
                "unused identities deleted a minute, at most");
        grace = keys.add(
                "node-release-grace",
                Values.DURATION,
                "30s",
                "how long a node must be gone before its references and endpoints are removed");
        unused = keys.add(
                "identity-reference-timeout",
                Values.DURATION,
                "1h",
                "how long a node may refer to an identity that none of its endpoints has, before the reference is removed");
    }

    /** What a configuration says. */
    public UpkeepOptions from(Config config) {
        return new UpkeepOptions(config.get(interval), config.get(perMinute), config.get(grace), config.get(unused));
    }
}
