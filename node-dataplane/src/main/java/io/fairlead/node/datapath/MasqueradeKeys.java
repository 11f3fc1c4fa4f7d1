package io.fairlead.node.datapath;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.bpf.DatapathConfig.Ports;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.Values;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The configuration keys of masquerade. */
record MasqueradeKeys(
        NativeKeys natively,
        ConfigKey<Boolean> ipv4,
        ConfigKey<Boolean> ipv6,
        ConfigKey<Boolean> bpf,
        ConfigKey<Boolean> remoteNodes,
        ConfigKey<Boolean> agent,
        ConfigKey<Path> agentFile,
        ConfigKey<Ports> ports) {

    /** Destinations that see pods' own addresses, by family. */
    record NativeKeys(ConfigKey<List<Cidr>> ipv4, ConfigKey<List<Cidr>> ipv6) {}

    static MasqueradeKeys declare(ConfigKeys keys) {
        ConfigKey<Boolean> ipv4 = keys.add(
                "enable-ipv4-masquerade",
                Values.BOOLEAN,
                "true",
                "pods' IPv4 packets that leave the cluster leave from the node's address");
        keys.alias(ipv4, "masquerade");
        return new MasqueradeKeys(
                nativeKeys(keys),
                ipv4,
                keys.add(
                        "enable-ipv6-masquerade",
                        Values.BOOLEAN,
                        "true",
                        "as enable-ipv4-masquerade, where the node has IPv6"),
                keys.add(
                        "enable-bpf-masquerade",
                        Values.BOOLEAN,
                        "false",
                        "masquerade before the stack; false leaves it to the device's egress, with legacy host routing"),
                keys.add(
                        "enable-remote-node-masquerade",
                        Values.BOOLEAN,
                        "false",
                        "masquerade to other nodes' addresses too"),
                keys.add(
                        "enable-ip-masq-agent",
                        Values.BOOLEAN,
                        "false",
                        "take more CIDRs that are not masqueraded from a file"),
                keys.add(
                        "ip-masq-agent-config-path",
                        Parsers::path,
                        "/etc/config/ip-masq-agent",
                        "that file, YAML or JSON; read again when it changes"),
                portKey(keys));
    }

    private static ConfigKey<Ports> portKey(ConfigKeys keys) {
        return keys.add(
                "node-port-range",
                Parsers::natPorts,
                "30000,32767",
                "ports kept for services: masqueraded flows have ports above");
    }

    private static NativeKeys nativeKeys(ConfigKeys keys) {
        ConfigKey<List<Cidr>> nativeIpv4 = keys.add(
                "ipv4-native-routing-cidr",
                Values.listOf(text -> Parsers.cidr(text, Ip.Family.V4)),
                "",
                "CIDRs that are routed as they are: pods are not masqueraded to them, pod CIDRs outside get no route");
        keys.alias(nativeIpv4, "native-routing-cidr");
        ConfigKey<List<Cidr>> nativeIpv6 = keys.add(
                "ipv6-native-routing-cidr",
                Values.listOf(text -> Parsers.cidr(text, Ip.Family.V6)),
                "",
                "as ipv4-native-routing-cidr, for IPv6");
        return new NativeKeys(nativeIpv4, nativeIpv6);
    }

    DatapathSettings.Masquerade from(Config config) {
        return new DatapathSettings.Masquerade(
                config.get(ipv4),
                config.get(ipv6),
                config.get(bpf),
                config.get(remoteNodes),
                Stream.concat(config.get(natively.ipv4()).stream(), config.get(natively.ipv6()).stream())
                        .toList(),
                config.get(agent) ? Optional.of(config.get(agentFile)) : Optional.empty(),
                config.get(ports));
    }
}
