package io.fairlead.node.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.runtime.config.ConfigException;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentKeysTest {
    @Test
    void defaultsNeedOnlyAName() {
        AgentConfig config = read("--node-name=dev1");
        assertThat(config.nodeName().value()).isEqualTo("dev1");
        assertThat(config.nodeIp()).isEmpty();
        assertThat(config.devices()).isEmpty();
        assertThat(config.routableCidrs()).isEmpty();
        assertThat(config.autoDirectNodeRoutes()).isFalse();
        assertThat(config.mtu()).isZero();
        assertThat(config.services())
                .isEqualTo(new AgentConfig.Services(
                        List.of(new HostPort("127.0.0.1", 7301)),
                        List.of(new HostPort("127.0.0.1", 7302)),
                        List.of(new HostPort("127.0.0.1", 7303))));
        assertThat(config.cniSocket()).isEqualTo(Path.of("/run/fairlead/cni.sock"));
        assertThat(config.apiSocket()).isEqualTo(Path.of("/run/fairlead/agent.sock"));
        assertThat(config.bpfRoot()).isEqualTo(Path.of("/sys/fs/bpf/fairlead"));
        assertThat(config.resyncInterval()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void everyKeyIsRead() {
        AgentConfig config = read(
                "--node-name=dev1",
                "--ipv4-node=192.168.2.31",
                "--devices=ens33,eth+",
                "--native-routing-cidr=10.0.0.0/8,172.16.0.0/12",
                "--auto-direct-node-routes=true",
                "--mtu=1400",
                "--identity-service-address=a:1, [fd00::1]:1",
                "--ipam-service-address=b:2",
                "--route-distributor-address=c:3",
                "--state-dir=/s",
                "--bpf-root=/b",
                "--resync-interval=2s",
                "--tunnel=disabled",
                "--routing-mode=native");
        assertThat(config.nodeIp()).contains(Ip.parse("192.168.2.31"));
        assertThat(config.devices()).containsExactly("ens33", "eth+");
        assertThat(config.routableCidrs())
                .as("IPv6 anywhere")
                .containsExactly(Cidr.parse("10.0.0.0/8"), Cidr.parse("172.16.0.0/12"), Cidr.parse("::/0"));
        assertThat(config.autoDirectNodeRoutes()).isTrue();
        assertThat(config.mtu()).isEqualTo(1400);
        assertThat(config.services())
                .isEqualTo(new AgentConfig.Services(
                        List.of(new HostPort("a", 1), new HostPort("fd00::1", 1)),
                        List.of(new HostPort("b", 2)),
                        List.of(new HostPort("c", 3))));
        assertThat(config.stateDir()).isEqualTo(Path.of("/s"));
        assertThat(config.bpfRoot()).isEqualTo(Path.of("/b"));
        assertThat(config.resyncInterval()).isEqualTo(Duration.ofSeconds(2));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ipv4-node                | fd00::1        | a unicast IPv4 address
            ipv4-node                | 224.0.0.1      | a unicast IPv4 address
            ipv4-node                | 1.2.3          | IP
            devices                  | a/b            | a device name
            devices                  | 12345678901234567 | a device name
            devices                  | 1234567890123456 | 15
            ipv4-native-routing-cidr | 10.0.0.0/33    | CIDR
            auto-direct-node-routes  | perhaps        | true
            mtu                      | 1279           | 1280 to 65535
            mtu                      | 65536          | 65535
            mtu                      | big            | 65535
            ipam-service-address     | nowhere        | host
            ipam-service-address     | a:1,b          | host
            ipam-service-address     | a:1,           | host
            route-distributor-address | a:1,a:1       | several that differ
            resync-interval          | 10ms           | 1s to 1h
            resync-interval          | 2h             | 1s to 1h
            tunnel                   | vxlan          | valid modes = {disabled}
            routing-mode             | tunnel         | native
            node-name                | a/b            | node
            """)
    void badValuesAreRefusedWithKeyValueAndExpectation(String key, String value, String expected) {
        assertThatThrownBy(() -> read("--node-name=dev1", "--" + key + "=" + value))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key)
                .hasMessageContaining(value)
                .message()
                .containsIgnoringCase(expected);
    }

    @Test
    void allMistakesAreToldAtOnceAndANameIsRequired() {
        assertThatThrownBy(() -> read("--mtu=1", "--tunnel=geneve", "--resync-intervall=5s"))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.mistakes())
                                .hasSize(4)
                                .anyMatch(m -> m.contains("node-name"))
                                .anyMatch(m -> m.contains("resync-interval")));
    }

    private static AgentConfig read(String... arguments) {
        ConfigKeys keys = new ConfigKeys("fairlead-agent", "test");
        AgentKeys own = new AgentKeys(keys);
        return own.from(keys.read(arguments, Map.of()));
    }
}
