package io.fairlead.node.datapath;

import io.fairlead.node.kernel.bpf.DatapathConfig.Lifetimes;
import io.fairlead.node.kernel.bpf.SettingsMap.Aggregation;
import io.fairlead.node.policy.PolicySettings;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.Values;
import java.time.Duration;
import java.util.Optional;

/** The configuration keys of the datapath. Names, defaults and limits are Cilium's where the meaning is the same. */
public final class DatapathKeys {
    private static final int FEWEST = 1 << 10;
    private static final int MOST = 1 << 24;
    private static final Duration LONGEST = Duration.ofDays(365);

    private final MasqueradeKeys masquerade;
    private final ConfigKey<Boolean> legacyHostRouting;
    private final ConfigKey<Boolean> debugDatapath;
    private final PolicyKeys policy;
    private final MonitorKeys monitor;
    private final MapKeys maps;
    private final TimeKeys times;
    private final HealthKeys health;

    private record PolicyKeys(
            ConfigKey<String> enforcement, ConfigKey<Boolean> audit, ConfigKey<String> allowLocalhost) {}

    private record MonitorKeys(
            ConfigKey<Aggregation> aggregation, ConfigKey<Duration> interval, ConfigKey<Integer> flags) {}

    private record MapKeys(
            ConfigKey<Optional<Integer>> ctTcp,
            ConfigKey<Optional<Integer>> ctAny,
            ConfigKey<Optional<Integer>> nat,
            ConfigKey<Integer> policy,
            ConfigKey<Integer> fragments,
            ConfigKey<Double> ratio) {}

    private record TimeKeys(
            ConfigKey<Duration> tcp,
            ConfigKey<Duration> syn,
            ConfigKey<Duration> fin,
            ConfigKey<Duration> any,
            ConfigKey<Duration> gc) {}

    private record HealthKeys(ConfigKey<Boolean> nodes, ConfigKey<Boolean> endpoints, ConfigKey<Integer> port) {}

    /** Declares the keys. */
    public DatapathKeys(ConfigKeys keys) {
        masquerade = MasqueradeKeys.declare(keys);
        legacyHostRouting = keys.add(
                "enable-host-legacy-routing",
                Values.BOOLEAN,
                "false",
                "pods' packets take the way through the node's stack, where its own filters see them");
        debugDatapath = keys.add(
                "debug-verbose",
                text -> Parsers.debugsDatapath(
                        Values.listOf(Values.oneOf("datapath")).parse(text)),
                "",
                "datapath: the programs write debug messages while somebody listens");
        policy = policy(keys);
        monitor = monitor(keys);
        maps = maps(keys);
        times = times(keys);
        health = health(keys);
        onlyModes(keys);
    }

    private static PolicyKeys policy(ConfigKeys keys) {
        return new PolicyKeys(
                keys.add(
                        "enable-policy",
                        Values.oneOf("default", "always", "never"),
                        "default",
                        "when policies are enforced: default (where a rule speaks of the direction), always, never"),
                keys.add(
                        "policy-audit-mode",
                        Values.BOOLEAN,
                        "false",
                        "what a policy forbids is told to listeners, and passes"),
                keys.add(
                        "allow-localhost",
                        Values.oneOf("auto", "always", "policy"),
                        "auto",
                        "whether the node always reaches its pods: always (auto is the same), or as policy says"));
    }

    private static MonitorKeys monitor(ConfigKeys keys) {
        return new MonitorKeys(
                keys.add(
                        "monitor-aggregation",
                        Parsers::aggregation,
                        "none",
                        "how much of what goes the same way is traced once: none, low, medium, maximum"),
                keys.add(
                        "monitor-aggregation-interval",
                        Values.DURATION,
                        "5s",
                        "how often a connection is traced from medium on"),
                keys.add(
                        "monitor-aggregation-flags",
                        Parsers::tcpFlags,
                        "syn,fin,rst",
                        "TCP flags whose first sight is traced from medium on"));
    }

    private static HealthKeys health(ConfigKeys keys) {
        return new HealthKeys(
                keys.add("enable-health-checking", Values.BOOLEAN, "true", "probe the other nodes"),
                keys.add(
                        "enable-endpoint-health-checking",
                        Values.BOOLEAN,
                        "true",
                        "have an endpoint for health, and probe those of other nodes"),
                keys.add("cluster-health-port", Values.integer(1, 65535), "4240", "where probes by HTTP are answered"));
    }

    private static MapKeys maps(ConfigKeys keys) {
        String byMemory = "; else by bpf-map-dynamic-size-ratio";
        return new MapKeys(
                keys.optional(
                        "bpf-ct-global-tcp-max",
                        Values.integer(FEWEST, MOST),
                        "TCP connections, each family" + byMemory),
                keys.optional(
                        "bpf-ct-global-any-max",
                        Values.integer(FEWEST, MOST),
                        "other connections, each family" + byMemory),
                keys.optional(
                        "bpf-nat-global-max",
                        Values.integer(FEWEST, MOST),
                        "entries of masqueraded flows, two each, each family" + byMemory),
                keys.add("bpf-policy-map-max", Values.integer(256, 65536), "16384", "entries of one endpoint's policy"),
                keys.add(
                        "bpf-fragments-map-max",
                        Values.integer(256, 65536),
                        "8192",
                        "datagrams in fragments at a time"),
                keys.add(
                        "bpf-map-dynamic-size-ratio",
                        Parsers::ratio,
                        "0.0025",
                        "share of memory for connections and translations; 0 for 524288 of TCP, 262144 others"));
    }

    private static TimeKeys times(ConfigKeys keys) {
        return new TimeKeys(
                lifetime(keys, "tcp", "2h13m20s", "an established TCP connection"),
                lifetime(keys, "tcp-syn", "60s", "a TCP connection without an answer"),
                lifetime(keys, "tcp-fin", "10s", "a TCP connection that both ends closed"),
                lifetime(keys, "any", "60s", "any other connection"),
                keys.add(
                        "conntrack-gc-interval",
                        text -> text.equals("0")
                                ? Duration.ZERO
                                : Parsers.between(text, Duration.ofSeconds(1), Duration.ofHours(12)),
                        "0",
                        "between two sweeps of connections; 0 to follow what they find"));
    }

    private static ConfigKey<Duration> lifetime(ConfigKeys keys, String which, String fallback, String what) {
        String name = "bpf-ct-timeout-regular-" + which;
        return keys.add(
                name,
                text -> Parsers.between(text, Duration.ofSeconds(1), LONGEST),
                fallback,
                "how long " + what + " lives without a packet");
    }

    /** The only values there are: accepted so that a configuration can say what it relies on. */
    private static void onlyModes(ConfigKeys keys) {
        keys.add("ipam", Values.oneOf("cluster-pool"), "cluster-pool", "cluster-pool is the only one");
        keys.add(
                "kube-proxy-replacement",
                Parsers::noServices,
                "disabled",
                "disabled (or false) is the only one: services are not translated");
    }

    /** The settings a configuration gives. */
    public DatapathSettings from(Config config) {
        return new DatapathSettings(
                config.get(legacyHostRouting),
                config.get(debugDatapath),
                masquerade.from(config),
                new PolicySettings(
                        PolicySettings.Enforcement.parse(config.get(policy.enforcement())),
                        config.get(policy.audit()),
                        config.get(policy.allowLocalhost()).equals("policy")
                                ? PolicySettings.Localhost.POLICY
                                : PolicySettings.Localhost.ALWAYS,
                        config.get(maps.policy())),
                new DatapathSettings.Monitor(
                        config.get(monitor.aggregation()), config.get(monitor.interval()), config.get(monitor.flags())),
                new DatapathSettings.Maps(
                        config.get(maps.ctTcp()),
                        config.get(maps.ctAny()),
                        config.get(maps.nat()),
                        config.get(maps.policy()),
                        config.get(maps.fragments()),
                        config.get(maps.ratio())),
                new DatapathSettings.Connections(
                        new Lifetimes(
                                config.get(times.tcp()),
                                config.get(times.syn()),
                                config.get(times.fin()),
                                config.get(times.any())),
                        config.get(times.gc())),
                new DatapathSettings.Health(
                        config.get(health.nodes()), config.get(health.endpoints()), config.get(health.port())));
    }
}
