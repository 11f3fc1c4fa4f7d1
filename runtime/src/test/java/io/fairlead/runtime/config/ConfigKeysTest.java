package io.fairlead.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigKeysTest {
    private final ConfigKeys keys = new ConfigKeys("ipam-service", "Hands out pod CIDRs.");
    private final ConfigKey<Cidr> pool = keys.add("cluster-pool-ipv4-cidr", Cidr::parse, "10.244.0.0/16", "the pool");
    private final ConfigKey<Integer> size =
            keys.add("cluster-pool-ipv4-mask-size", Values.integer(1, 32), "24", "size of a pod CIDR");
    private final ConfigKey<Boolean> debug = keys.add("debug", Values.BOOLEAN, "false", "log more");
    private final ConfigKey<List<String>> devices =
            keys.add("devices", Values.listOf(Values.TEXT), "", "native devices");
    private final ConfigKey<Optional<String>> node = keys.optional("node-name", Values.TEXT, "this node");

    ConfigKeysTest() {
        keys.alias(pool, "pool");
    }

    @Test
    void nothingGivenMeansDefaults() {
        Config config = read();
        assertThat(config.get(pool)).isEqualTo(Cidr.parse("10.244.0.0/16"));
        assertThat(config.get(size)).isEqualTo(24);
        assertThat(config.get(debug)).isFalse();
        assertThat(config.get(devices)).isEmpty();
        assertThat(config.get(node)).isEmpty();
        assertThat(config.effective()).contains(new Config.Setting("debug", "false", "default"));
    }

    @Test
    void threeMistakesGiveThreeLines() {
        assertThat(mistakes(
                        "--cluster-pool-ipv4-cdir=10.0.0.0/8", "--debug=yes", "--cluster-pool-ipv4-cidr=10.0.0.1/8"))
                .containsExactlyInAnyOrder(
                        "unknown key: cluster-pool-ipv4-cdir from --cluster-pool-ipv4-cdir"
                                + " (expected: cluster-pool-ipv4-cidr, the nearest known)",
                        "debug: \"yes\" from --debug (expected: true or false)",
                        "cluster-pool-ipv4-cidr: \"10.0.0.1/8\" from --cluster-pool-ipv4-cidr: CIDR: 10.0.0.1/8"
                                + " (expected: 10.0.0.0/8, no bits behind the prefix)");
    }

    @Test
    void aMissingRequiredKeyIsNamed() {
        keys.required("listen-address", Values.HOST_PORT, "where to listen");
        assertThat(mistakes()).containsExactly("listen-address: missing (expected: where to listen)");
    }

    @Test
    void argumentsWinOverEnvironmentOverDirectoryOverFile(@TempDir Path dir) throws IOException {
        Path configMap = Files.createDirectory(dir.resolve("map"));
        Files.writeString(configMap.resolve("cluster-pool-ipv4-mask-size"), "25\n");
        Files.writeString(configMap.resolve("devices"), "eth0,eth1\n");
        Files.writeString(configMap.resolve(".hidden"), "ignored");
        Path yaml = Files.writeString(
                dir.resolve("c.yaml"),
                "cluster-pool-ipv4-mask-size: 26\ndevices: [a, b]\nnode-name: dev1\ndebug: true\n");
        Map<String, String> env = Map.of("FAIRLEAD_CLUSTER_POOL_IPV4_MASK_SIZE", "27", "FAIRLEAD_DEBUG", "false");
        Config config = keys.read(new String[] {"--config-dir=" + configMap, "--config=" + yaml, "--debug"}, env);
        assertThat(config.get(debug)).isTrue();
        assertThat(config.get(size)).isEqualTo(27);
        assertThat(config.get(devices)).containsExactly("eth0", "eth1");
        assertThat(config.get(node)).contains("dev1");
    }

    @Test
    void anAliasSetsItsKeyAndContradictionIsRefused() {
        assertThat(read("--pool=10.1.0.0/16").get(pool)).isEqualTo(Cidr.parse("10.1.0.0/16"));
        assertThat(mistakes("--pool=10.1.0.0/16", "--cluster-pool-ipv4-cidr=10.2.0.0/16"))
                .singleElement()
                .asString()
                .startsWith("cluster-pool-ipv4-cidr: \"10.1.0.0/16\" from --pool and \"10.2.0.0/16\"");
    }

    @Test
    void aListGrowsWithEachArgumentAndAValueGivenTwiceIsRefused() {
        assertThat(read("--devices=a", "--devices=b,c").get(devices)).containsExactly("a", "b", "c");
        assertThat(mistakes("--node-name=a", "--node-name=b")).hasSize(1);
    }

    @Test
    void brokenArgumentsAndFilesAreNamed(@TempDir Path dir) throws IOException {
        assertThat(mistakes("stray", "--devices"))
                .containsExactlyInAnyOrder(
                        "argument: \"stray\" (expected: --key=value)", "devices: no value (expected: --devices=value)");
        assertThat(mistakes("--config=" + dir.resolve("none.yaml"), "--config-dir=" + dir.resolve("none")))
                .hasSize(2);
        for (String text : List.of("debug: {a: b}", "- a", "debug: true\ndebug: false", "a: [", "zzzzzzzz: 1")) {
            Path file = Files.writeString(dir.resolve("broken.yaml"), text);
            assertThat(mistakes("--config=" + file)).as(text).hasSize(1);
        }
        Files.write(Files.createDirectory(dir.resolve("bin")).resolve("debug"), new byte[] {(byte) 0xff, (byte) 0xfe});
        assertThat(mistakes("--config-dir=" + dir.resolve("bin")))
                .singleElement()
                .asString()
                .startsWith("debug: ");
    }

    @Test
    void unknownVariablesAreRefusedButKubernetesServiceLinksAreNot() {
        keys.read(new String[0], Map.of("FAIRLEAD_IPAM_PORT_7302_TCP_ADDR", "10.0.0.1", "PATH", "/bin"));
        assertThatThrownBy(() -> keys.read(new String[0], Map.of("FAIRLEAD_DEBUGG", "true")))
                .isInstanceOf(ConfigException.class)
                .hasMessage("unknown key: debugg from FAIRLEAD_DEBUGG (expected: debug, the nearest known)");
    }

    @Test
    void helpNamesEveryKey() {
        assertThat(keys.help())
                .contains("ipam-service", "--cluster-pool-ipv4-cidr (default 10.244.0.0/16)", "also: --pool");
        assertThat(ConfigKeys.helpWanted("--debug", "--help")).isTrue();
    }

    @Test
    void everyParserRejectsWhatItMust() {
        rejects(Values.BOOLEAN, "True", "1", "", "yes");
        rejects(Values.integer(1, 32), "0", "33", "", "a", "1.5", "99999999999", "-1");
        rejects(Values.DURATION, "", "5", "5x", "-5s", "s", "5s 3m", "1.5h");
        rejects(Values.HOST_PORT, "", "host", "host:", ":7301", "host:70000", "::1:7301", "a b:1", "h:-1");
        rejects(Values.oneOf("a", "b"), "c", "");
        rejects(Values.TEXT, "", " ");
        rejects(Values.listOf(Values.integer(0, 9)), "1,,2", "1,x");
        rejects(Values.options("etcd.address"), "foo=bar", "etcd.address", "{", "etcd.address=a,etcd.address=b");
    }

    @Test
    void parsersReadWhatTheyMust() {
        assertThat(Values.DURATION.parse("1h30m")).isEqualTo(Duration.ofMinutes(90));
        assertThat(Values.DURATION.parse("250ms")).isEqualTo(Duration.ofMillis(250));
        assertThat(Values.HOST_PORT.parse("[::1]:0")).hasToString("[::1]:0");
        assertThat(Values.options("etcd.address").parse("etcd.address=http://a:1,http://b:2"))
                .isEqualTo(Map.of("etcd.address", "http://a:1,http://b:2"));
        assertThat(Values.options("etcd.address").parse("{\"etcd.address\": \"http://a:1\"}"))
                .isEqualTo(Map.of("etcd.address", "http://a:1"));
    }

    @Test
    void storeKeysReadWhichStore() {
        ConfigKeys own = new ConfigKeys("x", "y");
        StoreKeys store = new StoreKeys(own);
        Config config = own.read(new String[] {"--kvstore-opt=etcd.address=http://a:1,http://b:2"}, Map.of());
        assertThat(store.from(config).endpoints()).containsExactly("http://a:1", "http://b:2");
        assertThat(store.from(config).prefix()).isEqualTo("cilium/");
        assertThatThrownBy(() -> own.read(
                        new String[] {
                            "--kvstore=consul",
                            "--kvstore-opt=etcd.address=a:1",
                            "--kvstore-prefix=/x",
                            "--cluster-id=256"
                        },
                        Map.of()))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.mistakes()).hasSize(4));
    }

    private static void rejects(ValueParser<?> parser, String... texts) {
        for (String text : texts) {
            assertThatThrownBy(() -> parser.parse(text))
                    .as("\"%s\"", text)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("(expected: ");
        }
    }

    private Config read(String... args) {
        return keys.read(args, Map.of());
    }

    private List<String> mistakes(String... args) {
        try {
            keys.read(args, Map.of());
            return List.of();
        } catch (ConfigException e) {
            return e.mistakes();
        }
    }
}
