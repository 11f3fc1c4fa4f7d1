package io.fairlead.node.kernel;

/**
 * Which policy judges an endpoint.
 *
 * @param id of its entries in the table of policies; 0 for none
 * @param ingress whether what no entry allows is kept from it
 * @param egress whether it is kept from sending what no entry allows
 * @param audit whether what the policy forbids is told and passes
 */
public record PolicyRef(int id, boolean ingress, boolean egress, boolean audit) {
    /** No rules: everything passes. */
    public static final PolicyRef NONE = new PolicyRef(0, false, false, false);
}
