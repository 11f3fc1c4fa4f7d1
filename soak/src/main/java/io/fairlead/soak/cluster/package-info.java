/**
 * The cluster under test: three members of etcd, replicas of the services and the nodes' side, each in a network namespace.
 *
 * <p>All of it lives inside namespaces of the bench's own (network, mounts, processes), so nothing of it outlives the bench.
 */
@NullMarked
package io.fairlead.soak.cluster;

import org.jspecify.annotations.NullMarked;
