package io.fairlead.ipam.grpc;

import io.fairlead.proto.ipam.v1.AddPodCidrRequest;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.ReturnPodCidrRequest;
import io.fairlead.runtime.grpc.tls.Rights;

/**
 * Who may ask the ipam-service for what: everybody may look, a node registers and takes blocks for itself alone, and
 * what ends a node or changes pools is for admins.
 */
public final class NodeRights {
    private NodeRights() {}

    /** A rule for every method. */
    public static Rights rights() {
        return Rights.builder()
                .everybody(
                        IpamServiceGrpc.getListNodesMethod(),
                        IpamServiceGrpc.getListPoolsMethod(),
                        IpamServiceGrpc.getListWithheldMethod())
                .admins(IpamServiceGrpc.getReleaseNodeMethod(), IpamServiceGrpc.getAddPoolCidrsMethod())
                .nodes(
                        IpamServiceGrpc.getRegisterNodeMethod(),
                        Rights.ownName("register", RegisterNodeRequest::getNodeName))
                .nodes(
                        IpamServiceGrpc.getAddPodCidrMethod(),
                        Rights.ownName("take a block", AddPodCidrRequest::getNodeName))
                .nodes(
                        IpamServiceGrpc.getReturnPodCidrMethod(),
                        Rights.ownName("return a block", ReturnPodCidrRequest::getNodeName))
                .build();
    }
}
