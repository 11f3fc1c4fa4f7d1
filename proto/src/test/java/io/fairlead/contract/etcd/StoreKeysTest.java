package io.fairlead.contract.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StoreKeysTest {
    private final StoreKeys keys = StoreKeys.DEFAULT;
    private final ClusterName cluster = ClusterName.DEFAULT;

    @Test
    void keysAreCiliums() {
        Labels labels = Labels.parse(List.of("k8s:app=web", "k8s:io.kubernetes.pod.namespace=default"));
        String encoded = "k8s:app=web;k8s:io.kubernetes.pod.namespace=default;";
        assertThat(keys.identityById(IdentityId.parse("1234"))).isEqualTo("cilium/state/identities/v1/id/1234");
        assertThat(keys.identityUse(labels, "10.0.0.1"))
                .isEqualTo("cilium/state/identities/v1/value/" + encoded + "/10.0.0.1");
        assertThat(keys.identityLock(labels)).isEqualTo("cilium/state/identities/v1/locks/" + encoded);
        assertThat(keys.ip(Cidr.parse("10.244.1.7"))).isEqualTo("cilium/state/ip/v1/default/10.244.1.7");
        assertThat(keys.ip(Cidr.parse("10.244.1.0/24"))).isEqualTo("cilium/state/ip/v1/default/10.244.1.0/24");
        assertThat(keys.ip(Cidr.parse("fd00::7/128"))).isEqualTo("cilium/state/ip/v1/default/fd00::7");
        assertThat(keys.node(cluster, new NodeName("dev1"))).isEqualTo("cilium/state/nodes/v1/default/dev1");
        assertThat(keys.service(cluster, "ns", "web")).isEqualTo("cilium/state/services/v1/default/ns/web");
        assertThat(keys.clusterConfig(cluster)).isEqualTo("cilium/cluster-config/default");
        assertThat(keys.heartbeat()).isEqualTo("cilium/.heartbeat");
    }

    @Test
    void keysLeadBack() {
        Labels slashes = Labels.parse(List.of("k8s:app.kubernetes.io/name=a/b", "reserved:init"));
        StoreKeys other = new StoreKeys("test/one/");
        for (StoreKeys k : List.of(keys, other)) {
            IdentityId id = IdentityId.parse("16777217");
            assertThat(k.parseIdentityById(k.identityById(id))).isEqualTo(id);
            assertThat(k.parseIdentityUse(k.identityUse(slashes, "dev1")))
                    .isEqualTo(new StoreKeys.IdentityUse(slashes, "dev1"));
            for (String ip : List.of("10.0.0.1", "10.0.0.0/8", "fd00::1", "fd00::/64")) {
                assertThat(k.parseIp(k.ip(Cidr.parse(ip)))).isEqualTo(Cidr.parse(ip));
            }
            assertThat(k.parseNode(k.node(cluster, new NodeName("dev1.example"))))
                    .isEqualTo(new StoreKeys.NodeKey(cluster, new NodeName("dev1.example")));
            assertThat(k.parseService(k.service(cluster, "ns", "web")))
                    .isEqualTo(new StoreKeys.ServiceKey(cluster, "ns", "web"));
            assertThat(k.parseClusterConfig(k.clusterConfig(cluster))).isEqualTo(cluster);
        }
    }

    private static void refuses(Consumer<String> parser, String key) {
        assertThatIllegalArgumentException()
                .as(key)
                .isThrownBy(() -> parser.accept(key))
                .withMessageContaining("key: \"" + key + "\"")
                .withMessageContaining("expected:");
    }

    @Test
    void brokenKeysAreRefusedByName() {
        for (String id : List.of("", "0", "01", "-1", "x", "1/2", "4294967296", "99999999999", "1 ")) {
            refuses(keys::parseIdentityById, keys.identitiesById() + id);
        }
        for (String use : List.of("", "k8s:a=b;", "k8s:a=b;/", "/", "k8s:a=b/dev1", ";/dev1")) {
            refuses(keys::parseIdentityUse, keys.identitiesByLabels() + use);
        }
        for (String ip : List.of("", "x", "10.0.0.1/", "10.0.0.1/8", "10.0.0.0/33", "/10.0.0.1", "10.0.0.256")) {
            refuses(keys::parseIp, keys.ips() + ip);
        }
        for (String node : List.of("", "default", "default/", "/dev1", "default/a/b", "default/A", "a b/dev1")) {
            refuses(keys::parseNode, keys.nodes() + node);
        }
        for (String service : List.of("", "default/ns", "default/ns/", "default//web", "default/ns/web/x")) {
            refuses(keys::parseService, keys.services() + service);
        }
        refuses(keys::parseClusterConfig, keys.clusterConfigs());
        refuses(keys::parseClusterConfig, keys.clusterConfigs() + "A");
        refuses(keys::parseNode, "elsewhere/state/nodes/v1/default/dev1");
        refuses(keys::parseIp, "");
    }

    @Test
    void partsThatWouldBreakAKeyAreRefused() {
        for (String bad : List.of("", "a/b", " ", "a\n")) {
            assertThatIllegalArgumentException().isThrownBy(() -> keys.identityUse(Labels.EMPTY, bad));
            assertThatIllegalArgumentException().isThrownBy(() -> keys.service(cluster, bad, "web"));
            assertThatIllegalArgumentException().isThrownBy(() -> keys.service(cluster, "ns", bad));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "cilium", "/cilium/", "a//", "a b/", "ä/", "a/\n"})
    void badPrefixesAreRefused(String prefix) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new StoreKeys(prefix))
                .withMessageStartingWith("store prefix: \"" + prefix + "\"");
    }
}
