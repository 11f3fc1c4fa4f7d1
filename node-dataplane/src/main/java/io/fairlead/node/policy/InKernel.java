package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the kernel holds of what policies are about.
 *
 * @param policies entries by policy id
 * @param ipcache identities by prefix
 * @param endpoints who has an address
 * @param interfaces who is behind a device
 */
public record InKernel(
        Map<Integer, Map<PolicyKey, PolicyEntry>> policies,
        Map<Cidr, IpcacheEntry> ipcache,
        Map<Ip, LocalEndpoint> endpoints,
        Map<Integer, PodInterface> interfaces) {

    /** Entries of a policy; none when it is not there. */
    Map<PolicyKey, PolicyEntry> entries(int policy) {
        return policies.getOrDefault(policy, Map.of());
    }

    /** Ids of policies that judge somebody. */
    Set<Integer> referenced() {
        Set<Integer> ids = new HashSet<>();
        endpoints.values().forEach(endpoint -> ids.add(endpoint.policy().id()));
        interfaces.values().forEach(device -> ids.add(device.policy().id()));
        ids.remove(0);
        return ids;
    }

    /** Identities only this node knows, by prefix. */
    Map<Cidr, Integer> localIdentities() {
        Map<Cidr, Integer> ids = new HashMap<>();
        ipcache.forEach((prefix, entry) -> {
            if (CidrIdentities.isLocal(entry.identity().value())) {
                ids.put(prefix, entry.identity().value());
            }
        });
        return ids;
    }

    /** The identity that addresses of a prefix have which no longer prefix covers. */
    Optional<Integer> identityOf(Cidr prefix) {
        for (int bits = prefix.prefixLength(); bits >= 0; bits--) {
            IpcacheEntry entry = ipcache.get(Cidr.containing(prefix.address(), bits));
            if (entry != null) {
                return Optional.of(entry.identity().value());
            }
        }
        return Optional.empty();
    }
}
