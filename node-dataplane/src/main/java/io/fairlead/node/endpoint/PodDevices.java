package io.fairlead.node.endpoint;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.KernelException;
import java.util.List;
import java.util.Optional;

/**
 * The veth pairs between pods and the node. Calls block; several threads may call for different pods.
 *
 * <p>What is asked for is made whole or not at all: when a call fails nothing of it is left.
 */
public interface PodDevices {
    /**
     * Makes a pair, one end in the pod, and sets up the pod's end: addresses, gateway routes, up.
     *
     * <p>The host's end is made so that the kernel alone carries nothing for it (no forwarding, strict reverse path, no
     * IPv6, no ARP), and is up.
     *
     * @throws KernelException when the kernel refuses; EEXIST when the pod already has an interface of that name
     */
    Pair create(Spec spec);

    /** The pair with this host end, if it is there. */
    Optional<Pair> find(String hostInterface);

    /** Removes the pair; one that is gone already is no failure. */
    void delete(String hostInterface);

    /**
     * What is wrong with a pod's interface: one sentence a difference to what {@link #create} made, none when all is
     * there.
     */
    List<String> check(Spec spec);

    /**
     * @param hostInterface name of the host's end, at most 15 bytes
     * @param netns path of the pod's network namespace
     * @param podInterface name of the pod's end
     * @param mtu of both ends, in bytes
     * @param addresses of the pod, each with its prefix length (/32 or /128)
     * @param gateways of the pod, one a family: the node's router addresses
     */
    record Spec(
            String hostInterface, String netns, String podInterface, int mtu, List<Cidr> addresses, List<Ip> gateways) {
        public Spec {
            addresses = List.copyOf(addresses);
            gateways = List.copyOf(gateways);
        }
    }

    /**
     * @param ifindex of the host's end
     * @param podMac of the pod's end
     * @param hostMac of the host's end
     */
    record Pair(int ifindex, Mac podMac, Mac hostMac) {}
}
