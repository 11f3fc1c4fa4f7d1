package io.fairlead.node.endpoint;

import io.fairlead.contract.Mac;

/**
 * The pair of interfaces of an endpoint, as it was made.
 *
 * @param ifindex of the host's end
 * @param mac of the pod's end
 * @param nodeMac of the host's end, the gateway's for the pod
 * @param mtu of both ends, in bytes
 */
public record Device(int ifindex, Mac mac, Mac nodeMac, int mtu) {
    static Device of(PodDevices.Pair pair, int mtu) {
        return new Device(pair.ifindex(), pair.podMac(), pair.hostMac(), mtu);
    }
}
