package io.fairlead.ipam;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.Values;
import java.util.ArrayList;
import java.util.List;

/** What configuration says of the default pool, by the names Cilium has for it. */
final class PoolKeys {
    private final ConfigKey<List<String>> v4Cidrs;
    private final ConfigKey<Integer> v4MaskSize;
    private final ConfigKey<List<String>> v6Cidrs;
    private final ConfigKey<Integer> v6MaskSize;

    PoolKeys(ConfigKeys keys) {
        ClusterPool.Names v4 = ClusterPool.Names.of(Ip.Family.V4);
        ClusterPool.Names v6 = ClusterPool.Names.of(Ip.Family.V6);
        v4Cidrs = keys.add(
                v4.cidrs(),
                Values.listOf(PoolKeys::cidr),
                "10.244.0.0/16",
                "CIDRs that pool default gets at start if it has them not; none for an IPv6 cluster");
        v4MaskSize = keys.add(
                v4.maskSize(), Values.integer(1, 30), "24", "prefix length of a node's IPv4 pod CIDR, for good");
        v6Cidrs = keys.add(
                v6.cidrs(),
                Values.listOf(PoolKeys::cidr),
                "",
                "IPv6 CIDRs that pool default gets at start if it has them not; none for an IPv4 cluster");
        v6MaskSize = keys.add(
                v6.maskSize(), Values.integer(1, 126), "120", "prefix length of a node's IPv6 pod CIDR, for good");
    }

    /**
     * The default pool's families.
     *
     * @throws IllegalArgumentException naming the key, the value and what is expected
     */
    List<ClusterPool> from(Config config) {
        List<ClusterPool> families = new ArrayList<>();
        if (!config.get(v6Cidrs).isEmpty()) {
            families.add(ClusterPool.parse(Ip.Family.V6, config.get(v6Cidrs), config.get(v6MaskSize)));
        }
        if (families.isEmpty() || !config.get(v4Cidrs).isEmpty()) {
            families.add(0, ClusterPool.parse(Ip.Family.V4, config.get(v4Cidrs), config.get(v4MaskSize)));
        }
        return families;
    }

    /** Checked here, so that it is reported with all other mistakes. */
    private static String cidr(String text) {
        Cidr.parse(text);
        return text;
    }
}
