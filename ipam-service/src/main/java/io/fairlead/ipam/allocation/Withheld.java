package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.kvstore.KeyValue;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;

/**
 * A CIDR that was given back and is not given out yet, but to the node that had it.
 *
 * @param cidr a block, or whatever a record said
 * @param owner who had it: "cluster/node"
 * @param revision of its withdrawal
 */
record Withheld(Cidr cidr, String owner, long revision) {
    private static final String NODE = "node";

    /** The store's text for a CIDR of this node. */
    static String text(String owner) {
        return new JsonObject().put(NODE, owner).encode();
    }

    /**
     * Reads an entry of the store. A value that cannot be read is nobody's, and waits for all nodes.
     *
     * @throws IllegalArgumentException when the key is not one of a CIDR
     */
    static Withheld decode(IpamKeys keys, KeyValue entry) {
        return new Withheld(
                Cidr.parse(entry.key().substring(keys.withheld().length())), owner(entry.value()), entry.modRevision());
    }

    static String owner(String text) {
        try {
            return new JsonObject(text).getString(NODE, "");
        } catch (DecodeException | ClassCastException e) {
            return "";
        }
    }
}
