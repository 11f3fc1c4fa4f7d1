package io.fairlead.identity.endpoints;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.identity.allocation.IdentityException;
import io.fairlead.identity.allocation.IdentityException.Reason;
import java.util.List;
import java.util.Optional;

/**
 * An endpoint as its node publishes it.
 *
 * @param ip its address
 * @param identity its identity
 * @param hostIp the node's own address
 * @param namespace of its pod, empty when it is none
 * @param podName of its pod, empty when it is none
 */
public record Endpoint(Ip ip, IdentityId identity, Ip hostIp, String namespace, String podName) {
    public Endpoint {
        unicast("ip", ip);
        unicast("host_ip", hostIp);
        name("namespace", namespace);
        name("pod_name", podName);
        if (ip.equals(hostIp)) {
            throw new IdentityException(
                    Reason.INVALID, "ip: " + ip + " (expected: an address of the endpoint, not its node's own)");
        }
        boolean local = identity.value() >>> 24 != 0;
        if (identity.equals(IdentityId.Reserved.UNKNOWN.id()) || local) {
            throw new IdentityException(
                    Reason.INVALID,
                    "identity: " + identity + " (expected: a reserved or allocated one, known to the whole cluster)");
        }
    }

    /** True when the identity's number is the same everywhere and has no key in the store. */
    boolean hasReservedIdentity() {
        return identity.reserved().isPresent();
    }

    String encoded() {
        return new IpIdentityRecord(
                        ip.toCidr(),
                        Optional.of(hostIp),
                        identity,
                        0,
                        new IpIdentityRecord.Pod(namespace, podName, ""),
                        List.of())
                .encode();
    }

    private static void name(String field, String name) {
        if (name.length() > 253 || name.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            throw new IdentityException(
                    Reason.INVALID,
                    field + ": \"" + name + "\" (expected: at most 253 characters, no control character)");
        }
    }

    private static void unicast(String field, Ip ip) {
        if (!ip.isUnicast()) {
            throw new IdentityException(Reason.INVALID, field + ": " + ip + " (expected: a unicast address)");
        }
    }
}
