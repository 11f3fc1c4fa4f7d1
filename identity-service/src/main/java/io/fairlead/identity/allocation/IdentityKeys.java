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

    /** The deciding key of a label set: its number, for as long as anybody uses it. */
    public String labels(String encoded) {
        return deciding() + encoded;
    }

    /** Prefix of all deciding keys. */
    public String deciding() {
        return own + "labels/";
    }

    /** Says that a number was taken from its labels and must rest. */
    public String freed(IdentityId id) {
        return freed() + id;
    }

    /** Prefix of all numbers that rest. */
    public String freed() {
        return own + "freed/";
    }

    /** Prefix of all references. */
    public String references() {
        return identities + "value/";
    }

    /** Prefix of all nodes' references to a label set's number. */
    public String references(String encoded) {
        return references() + encoded + "/";
    }

    /** A node's reference. */
    public String reference(String encoded, NodeName node) {
        return references(encoded) + node;
    }
}
