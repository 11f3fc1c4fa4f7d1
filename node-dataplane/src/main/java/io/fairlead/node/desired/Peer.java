package io.fairlead.node.desired;

import io.fairlead.node.kernel.IpcacheEntry;

/**
 * An address of the cluster, as the identity service says it.
 *
 * @param entry its identity and node
 * @param namespace of the pod, empty when it is none
 * @param podName of the pod, empty when it is none
 * @param source "kvstore" for an endpoint, "node" for a node's own address
 */
public record Peer(IpcacheEntry entry, String namespace, String podName, String source) {}
