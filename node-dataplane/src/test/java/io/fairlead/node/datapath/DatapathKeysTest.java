package io.fairlead.node.datapath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.node.kernel.bpf.DatapathConfig.Lifetimes;
import io.fairlead.node.kernel.bpf.DatapathConfig.Ports;
import io.fairlead.node.kernel.bpf.SettingsMap.Aggregation;
import io.fairlead.node.policy.PolicySettings;
import io.fairlead.node.policy.PolicySettings.Enforcement;
import io.fairlead.node.policy.PolicySettings.Localhost;
import io.fairlead.runtime.config.ConfigException;
import io.fairlead.runtime.config.ConfigKeys;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatapathKeysTest {
    @Test
    void defaultsAreCiliums() {
        assertThat(read())
                .isEqualTo(new DatapathSettings(
                        false,
                        false,
                        new DatapathSettings.Masquerade(
                                true, true, false, false, List.of(), Optional.empty(), new Ports(32768, 65535)),
                        PolicySettings.DEFAULT,
                        new DatapathSettings.Monitor(Aggregation.NONE, Duration.ofSeconds(5), 0b111),
                        new DatapathSettings.Maps(
                                Optional.empty(), Optional.empty(), Optional.empty(), 16384, 8192, 0.0025),
                        new DatapathSettings.Connections(Lifetimes.DEFAULT, Duration.ZERO),
                        new DatapathSettings.Health(true, true, 4240)));
    }

    @Test
    void everyKeyIsRead() {
        DatapathSettings settings = read(
                "--native-routing-cidr=10.0.0.0/8,172.16.0.0/12",
                "--ipv6-native-routing-cidr=fd00::/8",
                "--masquerade=true",
                "--enable-ipv6-masquerade=false",
                "--enable-bpf-masquerade=true",
                "--enable-remote-node-masquerade=true",
                "--enable-ip-masq-agent=true",
                "--ip-masq-agent-config-path=/a/b",
                "--node-port-range=30000,40000",
                "--enable-host-legacy-routing=true",
                "--debug-verbose=datapath",
                "--enable-policy=always",
                "--policy-audit-mode=true",
                "--allow-localhost=policy",
                "--monitor-aggregation=medium",
                "--monitor-aggregation-interval=1s",
                "--monitor-aggregation-flags=syn,ack",
                "--bpf-ct-global-tcp-max=2048",
                "--bpf-ct-global-any-max=1024",
                "--bpf-nat-global-max=4096",
                "--bpf-policy-map-max=256",
                "--bpf-fragments-map-max=512",
                "--bpf-map-dynamic-size-ratio=0",
                "--bpf-ct-timeout-regular-tcp=1h",
                "--bpf-ct-timeout-regular-tcp-syn=2s",
                "--bpf-ct-timeout-regular-tcp-fin=3s",
                "--bpf-ct-timeout-regular-any=4s",
                "--conntrack-gc-interval=10s",
                "--enable-health-checking=false",
                "--enable-endpoint-health-checking=false",
                "--cluster-health-port=4241",
                "--ipam=cluster-pool",
                "--kube-proxy-replacement=false");
        assertThat(settings)
                .isEqualTo(new DatapathSettings(
                        true,
                        true,
                        new DatapathSettings.Masquerade(
                                true,
                                false,
                                true,
                                true,
                                List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("172.16.0.0/12"), Cidr.parse("fd00::/8")),
                                Optional.of(Path.of("/a/b")),
                                new Ports(40001, 65535)),
                        new PolicySettings(Enforcement.ALWAYS, true, Localhost.POLICY, 256),
                        new DatapathSettings.Monitor(Aggregation.MEDIUM, Duration.ofSeconds(1), 0x12),
                        new DatapathSettings.Maps(Optional.of(2048), Optional.of(1024), Optional.of(4096), 256, 512, 0),
                        new DatapathSettings.Connections(
                                new Lifetimes(
                                        Duration.ofHours(1),
                                        Duration.ofSeconds(2),
                                        Duration.ofSeconds(3),
                                        Duration.ofSeconds(4)),
                                Duration.ofSeconds(10)),
                        new DatapathSettings.Health(false, false, 4241)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            none | NONE
            None | NONE
            lowest | LOW
            low | LOW
            medium | MEDIUM
            max | MAXIMUM
            maximum | MAXIMUM
            """)
    void aggregationHasCiliumsNames(String text, Aggregation level) {
        assertThat(read("--monitor-aggregation=" + text).monitor().aggregation())
                .isEqualTo(level);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ipv4-native-routing-cidr       | fd00::/8        | of IPv4
            ipv4-native-routing-cidr       | 10.0.0.1/8      | no bits behind the prefix
            ipv6-native-routing-cidr       | 10.0.0.0/8      | of IPv6
            enable-ipv4-masquerade         | yes             | true or false
            enable-bpf-masquerade          | 1               | true or false
            ip-masq-agent-config-path      | etc/config      | an absolute path
            node-port-range                | 30000-32767     | lowest,highest
            node-port-range                | 32767,30000     | lowest,highest
            node-port-range                | 30000,65535     | below 65535
            node-port-range                | 30000           | lowest,highest
            debug-verbose                  | envoy           | datapath
            enable-policy                  | sometimes       | default, always, never
            allow-localhost                | never           | auto, always, policy
            monitor-aggregation            | high            | none, low, medium or maximum
            monitor-aggregation-interval   | often           | a duration
            monitor-aggregation-flags      | syn,fyn         | fin, syn, rst
            bpf-ct-global-tcp-max          | 1023            | 1024 to 16777216
            bpf-ct-global-any-max          | 16777217        | 1024 to 16777216
            bpf-nat-global-max             | many            | a whole number
            bpf-policy-map-max             | 65537           | 256 to 65536
            bpf-fragments-map-max          | 0               | 256 to 65536
            bpf-map-dynamic-size-ratio     | 1.5             | 0 to 1
            bpf-map-dynamic-size-ratio     | -0.1            | 0 to 1
            bpf-ct-timeout-regular-tcp     | 0               | 1s to
            bpf-ct-timeout-regular-any     | 999999999h      | 8760h
            conntrack-gc-interval          | 13h             | 1s to 12h
            cluster-health-port            | 0               | 1 to 65535
            ipam                           | kubernetes      | cluster-pool
            kube-proxy-replacement         | strict          | services are not translated
            kube-proxy-replacement         | true            | disabled or false
            """)
    void badValuesAreRefusedWithKeyValueAndExpectation(String key, String value, String expected) {
        assertThatThrownBy(() -> read("--" + key + "=" + value))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key)
                .hasMessageContaining(value)
                .hasMessageContaining(expected);
    }

    static DatapathSettings read(String... arguments) {
        ConfigKeys keys = new ConfigKeys("fairlead-agent", "test");
        DatapathKeys own = new DatapathKeys(keys);
        return own.from(keys.read(arguments, Map.of()));
    }
}
