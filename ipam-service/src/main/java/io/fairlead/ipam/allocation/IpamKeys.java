package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;

/**
 * Where in the store a claim is kept.
 *
 * <p>Claims are a store's, not a cluster's: clusters that share a store also share its one table of pod addresses
 * ({@code state/ip/v1/default}), so their blocks must not meet either.
 *
 * @param nodes prefix of all node records, such as "cilium/state/nodes/v1/"
 * @param claims prefix of what only this service reads, such as "fairlead/ipam/v1/"
 */
public record IpamKeys(String nodes, String claims) {
    /** Where every cluster's records are, and this service's claims in a store. */
    public static final String CLAIMS = "fairlead/ipam/v1/";

    /** Says at {@link #oldMaskSize} that block sizes are the pools'. */
    static final String MOVED = "see pool/";

    /** The record of a node, which Cilium's agents read. */
    String record(Owner owner) {
        return nodes + owner;
    }

    /** What a node holds: {@link Claim}. Every change of a node's claims goes over this key. */
    String node(Owner owner) {
        return nodeClaims() + owner;
    }

    String nodeClaims() {
        return claims + "node/";
    }

    /** Who holds a block. */
    String block(Cidr block) {
        return blocks() + block;
    }

    String blocks() {
        return claims + "block/";
    }

    /** Who has a node address. */
    String address(Ip ip) {
        return addresses() + ip;
    }

    String addresses() {
        return claims + "address/";
    }

    /** Who had a block that is not given out again yet; the entry's revision is that of the withdrawal. */
    String withheld(Cidr block) {
        return withheld() + block;
    }

    String withheld() {
        return claims + "withheld/";
    }

    /** What a pool consists of. */
    String pool(String name) {
        return pools() + name;
    }

    String pools() {
        return claims + "pool/";
    }

    /** How often pools were changed: every change of one goes over this key, so that no two overlap. */
    String poolChanges() {
        return claims + "pools";
    }

    /** The lineage of the store that its blocks are given in; another one than the store's after a restore. */
    String lineage() {
        return claims + "lineage";
    }

    /** Size of all blocks, as an older Fairlead kept it; after it, {@link #MOVED}, which that one refuses to work with. */
    String oldMaskSize() {
        return claims + "mask-size/ipv4";
    }
}
