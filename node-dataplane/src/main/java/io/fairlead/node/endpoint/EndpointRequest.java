package io.fairlead.node.endpoint;

import io.fairlead.contract.Ip;
import java.util.List;

/**
 * What a runtime asks for: an interface in a network namespace.
 *
 * @param attachment which interface of which container
 * @param netns path of the pod's network namespace
 * @param network name of the network configuration
 * @param workload who the pod is
 * @param requestedIps addresses it must get, at most one a family; other families get any address
 * @param pool name of the pool any address is from, empty for the node's default one
 */
public record EndpointRequest(
        Attachment attachment, String netns, String network, Workload workload, List<Ip> requestedIps, String pool) {
    /** A request that names no pool. */
    public EndpointRequest(
            Attachment attachment, String netns, String network, Workload workload, List<Ip> requestedIps) {
        this(attachment, netns, network, workload, requestedIps, "");
    }

    public EndpointRequest {
        requestedIps = List.copyOf(requestedIps);
    }
}
