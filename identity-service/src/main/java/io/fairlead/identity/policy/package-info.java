/**
 * Network policies: read from documents, checked, kept in the store, and known to be in force on the nodes.
 *
 * <p>Documents say what users know from Kubernetes and Cilium; what comes out are the records of io.fairlead.contract.policy.
 */
@NullMarked
package io.fairlead.identity.policy;

import org.jspecify.annotations.NullMarked;
