package io.fairlead.node.agent;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.Values;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the agent was told.
 *
 * @param nodeName name of this node
 * @param nodeIp address other nodes reach it at; empty to take the first device's
 * @param devices names of the devices towards other nodes; empty to find the one with the node's address
 * @param nativeRoutingCidrs where pod CIDRs may lie; empty for anywhere
 * @param autoDirectNodeRoutes whether to install a route to each other node's pod CIDR
 * @param mtu of pod devices, in bytes; 0 for the native device's
 * @param identityService where to find it, as the next two
 * @param stateDir files and sockets of the agent
 * @param bpfRoot where maps and links are pinned, on a BPF file system
 * @param healthAddress where /livez and the like are answered
 * @param resyncInterval how often the kernel is compared in full
 * @param debug whether to log what is only of use to developers
 */
public record AgentConfig(
        NodeName nodeName,
        Optional<Ip> nodeIp,
        List<String> devices,
        List<Cidr> nativeRoutingCidrs,
        boolean autoDirectNodeRoutes,
        int mtu,
        HostPort identityService,
        HostPort ipamService,
        HostPort routeDistributor,
        Path stateDir,
        Path bpfRoot,
        HostPort healthAddress,
        Duration resyncInterval,
        boolean debug) {

    /** The agent's keys. */
    static final class Keys {
        final ConfigKeys all = new ConfigKeys("fairlead-agent", "keeps one node's routes, eBPF maps and pods");
        final ConfigKey<NodeName> nodeName =
                all.required("node-name", NodeName::new, "name of this node, unique in the cluster");
        final ConfigKey<Optional<Ip>> nodeIp = all.optional(
                "ipv4-node", Keys::v4, "address other nodes reach this one at; the first device's when left out");
        final ConfigKey<List<String>> devices = all.add(
                "devices",
                Values.listOf(Keys::device),
                "",
                "devices towards other nodes, comma separated; found by the node's address when left out");
        final ConfigKey<List<Cidr>> nativeRoutingCidrs = all.add(
                "ipv4-native-routing-cidr",
                Values.listOf(Cidr::parse),
                "",
                "CIDRs whose addresses are routed as they are: pod CIDRs outside get no route; anywhere when left out");
        final ConfigKey<Boolean> autoDirectNodeRoutes = all.add(
                "auto-direct-node-routes",
                Values.BOOLEAN,
                "false",
                "install a route to the pod CIDR of each node on the same L2 network");
        final ConfigKey<Integer> mtu = all.add(
                "mtu", Keys::mtu, "0", "MTU of pod devices in bytes, 1280 to 65535; 0 takes the native device's");
        final ConfigKey<HostPort> identityService = all.add(
                "identity-service-address", Values.HOST_PORT, "127.0.0.1:7301", "where the identity service listens");
        final ConfigKey<HostPort> ipamService = all.add(
                "ipam-service-address", Values.HOST_PORT, "127.0.0.1:7302", "where the ipam service listens");
        final ConfigKey<HostPort> routeDistributor = all.add(
                "route-distributor-address", Values.HOST_PORT, "127.0.0.1:7303", "where the route distributor listens");
        final ConfigKey<Path> stateDir =
                all.add("state-dir", Path::of, "/run/fairlead", "files and sockets of the agent");
        final ConfigKey<Path> bpfRoot = all.add(
                "bpf-root", Path::of, "/sys/fs/bpf/fairlead", "where maps and links are pinned, on a BPF file system");
        final ConfigKey<HostPort> healthAddress = all.add(
                "health-listen-address", Values.HOST_PORT, "127.0.0.1:9879", "where /livez, /readyz and /metrics listen");
        final ConfigKey<Duration> resyncInterval = all.add(
                "resync-interval", Keys::interval, "5s", "how often the kernel is compared in full, 1s to 1h");
        final ConfigKey<Boolean> debug = all.add("debug", Values.BOOLEAN, "false", "log what is of use to developers");

        Keys() {
            all.alias(nativeRoutingCidrs, "native-routing-cidr");
            // the only modes there are: accepted so that a configuration says what it relies on
            all.add("tunnel", Keys::tunnel, "disabled", "tunnel mode; disabled is the only one");
            all.add("routing-mode", Values.oneOf("native"), "native", "native is the only one");
        }

        private static Ip v4(String text) {
            Ip ip = Ip.parse(text);
            if (!ip.isV4() || !ip.isUnicast()) {
                throw new IllegalArgumentException("(expected: a unicast IPv4 address)");
            }
            return ip;
        }

        private static String device(String text) {
            if (!text.matches("[^\\s/:]{1,15}")) {
                throw new IllegalArgumentException(
                        "device: \"" + text + "\" (expected: a device name of at most 15 characters)");
            }
            return text;
        }

        private static String tunnel(String text) {
            if (!text.equals("disabled")) {
                throw new IllegalArgumentException("invalid tunnel mode '" + text + "', valid modes = {disabled}");
            }
            return text;
        }

        private static int mtu(String text) {
            int mtu = Values.integer(0, 65535).parse(text);
            if (mtu != 0 && mtu < 1280) {
                throw new IllegalArgumentException("(expected: 0, or 1280 to 65535)");
            }
            return mtu;
        }

        private static Duration interval(String text) {
            Duration interval = Values.DURATION.parse(text);
            if (interval.compareTo(Duration.ofSeconds(1)) < 0 || interval.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("(expected: 1s to 1h)");
            }
            return interval;
        }
    }

    /**
     * Reads arguments and environment.
     *
     * @throws io.fairlead.runtime.config.ConfigException with all mistakes
     */
    public static AgentConfig read(String[] args, Map<String, String> environment) {
        Keys keys = new Keys();
        return from(keys, keys.all.read(args, environment));
    }

    static AgentConfig from(Keys keys, Config config) {
        return new AgentConfig(
                config.get(keys.nodeName),
                config.get(keys.nodeIp),
                config.get(keys.devices),
                config.get(keys.nativeRoutingCidrs),
                config.get(keys.autoDirectNodeRoutes),
                config.get(keys.mtu),
                config.get(keys.identityService),
                config.get(keys.ipamService),
                config.get(keys.routeDistributor),
                config.get(keys.stateDir),
                config.get(keys.bpfRoot),
                config.get(keys.healthAddress),
                config.get(keys.resyncInterval),
                config.get(keys.debug));
    }
}
