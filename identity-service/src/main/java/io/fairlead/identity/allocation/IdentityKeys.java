package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.NodeName;

/**
 * Where in the store identities are.
 *
 * @param identities prefix of what Cilium's agents read too, such as "cilium/state/identities/v1/"
 * @param own prefix of what only this service reads, such as "fairlead/identity/v1/"
 */
public record IdentityKeys(String identities, String own) {
    /** Prefix of the deciding keys. */
    public static final String OWN = "fairlead/identity/v1/";

    /** The labels of a number. */
    public String id(IdentityId id) {
        return ids() + id;
    }

    /** Prefix of all numbers. */
    public String ids() {
        return identities + "id/";
    }

    /** The deciding key of a label set: its number, for good. */
    String labels(String encoded) {
        return own + "labels/" + encoded;
    }

    /** Prefix of all nodes' references to a label set's number. */
    String references(String encoded) {
        return identities + "value/" + encoded + "/";
    }

    /** A node's reference. */
    String reference(String encoded, NodeName node) {
        return references(encoded) + node;
    }
}
