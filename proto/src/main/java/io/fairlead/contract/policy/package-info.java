/**
 * Network policies as nodes compute with them: what Kubernetes NetworkPolicy and Cilium's kinds come to.
 *
 * <p>The identity service reads documents into these records, the stream carries them, each node's engine evaluates them.
 */
@NullMarked
package io.fairlead.contract.policy;

import org.jspecify.annotations.NullMarked;
