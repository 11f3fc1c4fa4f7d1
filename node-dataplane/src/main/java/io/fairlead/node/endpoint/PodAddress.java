package io.fairlead.node.endpoint;

import io.fairlead.contract.Ip;

/**
 * An address of a pod and the router it sends through.
 *
 * @param ip the pod's
 * @param gateway the node's router address of the same family
 */
public record PodAddress(Ip ip, Ip gateway) {}
