package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.PodBlock;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.Values;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** The agent's configuration keys about addresses. */
final class AddressingKeys {
    private static final Duration LEAST_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration MOST_TIMEOUT = Duration.ofDays(1);

    private final ConfigKey<Boolean> ipv4;
    private final ConfigKey<Boolean> ipv6;
    private final ConfigKey<Optional<Ip>> ipv4Node;
    private final ConfigKey<Optional<Ip>> ipv6Node;
    private final ConfigKey<String> pool;
    private final ConfigKey<Integer> preAllocate;
    private final ConfigKey<Duration> claimTimeout;

    /** Declares the keys. */
    AddressingKeys(ConfigKeys keys) {
        ipv4 = keys.add("enable-ipv4", Values.BOOLEAN, "true", "pods have an IPv4 address");
        ipv6 = keys.add("enable-ipv6", Values.BOOLEAN, "false", "pods have an IPv6 address");
        ipv4Node = keys.optional(
                "ipv4-node",
                text -> node(text, Ip.Family.V4),
                "address other nodes reach this one at; else the device's");
        ipv6Node = keys.optional(
                "ipv6-node",
                text -> node(text, Ip.Family.V6),
                "IPv6 address other nodes reach this one at; else the device's");
        pool = keys.add(
                "ipam-default-ip-pool",
                PodBlock::requirePool,
                PodBlock.DEFAULT_POOL,
                "pool of the addresses of pods that ask for no other");
        preAllocate = keys.add(
                "ipam-pre-allocate",
                Values.integer(1, 4096),
                "8",
                "free addresses of each family and pool below which another block is asked for");
        claimTimeout = keys.add(
                "ipam-claim-timeout",
                AddressingKeys::timeout,
                "10m",
                "after which an address given to an ADD that did not complete is free again, 10s to 24h");
    }

    /** @throws IllegalArgumentException when values do not go together */
    Addressing from(Config config) {
        Set<Ip.Family> families = EnumSet.noneOf(Ip.Family.class);
        if (config.get(ipv4)) {
            families.add(Ip.Family.V4);
        }
        if (config.get(ipv6)) {
            families.add(Ip.Family.V6);
        }
        return new Addressing(
                families,
                config.get(ipv4Node),
                config.get(ipv6Node),
                config.get(pool),
                config.get(preAllocate),
                config.get(claimTimeout));
    }

    private static Ip node(String text, Ip.Family family) {
        Ip ip = Ip.parse(text);
        boolean linkLocal = family == Ip.Family.V6 && ip.high() >>> 54 == 0xfe80L >>> 6;
        if (ip.family() != family || !ip.isUnicast() || linkLocal) {
            throw new IllegalArgumentException("(expected: a unicast " + (family == Ip.Family.V4 ? "IPv4" : "IPv6")
                    + " address" + (linkLocal ? " that is not link-local)" : ")"));
        }
        return ip;
    }

    private static Duration timeout(String text) {
        Duration timeout = Values.DURATION.parse(text);
        if (timeout.compareTo(LEAST_TIMEOUT) < 0 || timeout.compareTo(MOST_TIMEOUT) > 0) {
            throw new IllegalArgumentException("(expected: 10s to 24h)");
        }
        return timeout;
    }
}
