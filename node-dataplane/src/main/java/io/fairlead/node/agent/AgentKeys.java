package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.datapath.DatapathKeys;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.Values;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The agent's configuration keys. */
final class AgentKeys {
    private final ConfigKey<NodeName> nodeName;
    private final ConfigKey<Optional<Ip>> nodeIp;
    private final ConfigKey<List<String>> devices;
    private final DatapathKeys datapath;
    private final ConfigKey<Boolean> autoDirectNodeRoutes;
    private final ConfigKey<Integer> mtu;
    private final ConfigKey<List<HostPort>> identityService;
    private final ConfigKey<List<HostPort>> ipamService;
    private final ConfigKey<List<HostPort>> routeDistributor;
    private final ConfigKey<Path> stateDir;
    private final ConfigKey<Path> bpfRoot;
    private final ConfigKey<Duration> resyncInterval;
    private final ConfigKey<Integer> peerPort;

    /** Declares the keys. */
    AgentKeys(ConfigKeys keys) {
        nodeName = keys.required("node-name", NodeName::new, "name of this node, unique in the cluster");
        nodeIp = keys.optional("ipv4-node", AgentKeys::v4, "address other nodes reach this one at; else the device's");
        devices = keys.add(
                "devices",
                Values.listOf(AgentKeys::device),
                "",
                "devices towards other nodes, comma separated, eth+ for all that begin so; else found by ipv4-node");
        autoDirectNodeRoutes = keys.add(
                "auto-direct-node-routes",
                Values.BOOLEAN,
                "false",
                "install a route to the pod CIDR of each node on the same L2 network");
        mtu = keys.add("mtu", AgentKeys::mtu, "0", "MTU of pods in bytes, 1280 to 65535; 0 for the device's");
        identityService = replicas(keys, "identity-service-address", 7301, "identity service");
        ipamService = replicas(keys, "ipam-service-address", 7302, "ipam service");
        routeDistributor = replicas(keys, "route-distributor-address", 7303, "route distributor");
        stateDir = keys.add("state-dir", Path::of, "/run/fairlead", "files and sockets of the agent");
        bpfRoot = keys.add(
                "bpf-root", Path::of, "/sys/fs/bpf/fairlead", "where maps and links are pinned, on a BPF file system");
        resyncInterval = keys.add(
                "resync-interval", AgentKeys::interval, "5s", "how often the kernel is compared in full, 1s to 1h");
        datapath = new DatapathKeys(keys);
        peerPort = keys.add(
                "peer-port",
                Values.integer(1, 65535),
                "4241",
                "where agents ask each other what becomes of a packet; on every node the same");
        // the only modes there are: accepted so that a configuration can say what it relies on
        keys.add("tunnel", AgentKeys::tunnel, "disabled", "tunnel mode; disabled is the only one");
        keys.add("routing-mode", Values.oneOf("native"), "native", "native is the only one");
    }

    AgentConfig from(Config config) {
        return new AgentConfig(
                config.get(nodeName),
                config.get(nodeIp),
                config.get(devices),
                config.get(autoDirectNodeRoutes),
                config.get(mtu),
                new AgentConfig.Services(
                        config.get(identityService), config.get(ipamService), config.get(routeDistributor)),
                config.get(stateDir),
                config.get(bpfRoot),
                config.get(resyncInterval),
                config.get(peerPort),
                datapath.from(config));
    }

    private static Ip v4(String text) {
        Ip ip = Ip.parse(text);
        if (!ip.isV4() || !ip.isUnicast()) {
            throw new IllegalArgumentException("(expected: a unicast IPv4 address)");
        }
        return ip;
    }

    private static ConfigKey<List<HostPort>> replicas(ConfigKeys keys, String key, int port, String service) {
        return keys.add(
                key,
                AgentKeys::replicas,
                "127.0.0.1:" + port,
                "where the " + service + " listens; its replicas, comma separated");
    }

    private static List<HostPort> replicas(String text) {
        List<HostPort> replicas = Values.listOf(Values.HOST_PORT).parse(text);
        if (replicas.isEmpty() || Set.copyOf(replicas).size() < replicas.size()) {
            throw new IllegalArgumentException("(expected: host:port, or several that differ, comma separated)");
        }
        return replicas;
    }

    private static String device(String text) {
        if (!text.matches("[^\\s/:]{1,15}")) {
            throw new IllegalArgumentException(
                    "(expected: a device name of at most 15 characters, or a beginning and +)");
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
