/**
 * What is in etcd: keys and values, in Cilium's kvstore layout.
 *
 * <p>Field names and key forms are exact, so that Cilium's tools and agents read what we write and we read theirs.
 */
@NullMarked
package io.fairlead.contract.etcd;

import org.jspecify.annotations.NullMarked;
