package io.fairlead.node.registration;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.AddressPool.Supply;
import io.fairlead.node.endpoint.PodBlock;
import io.fairlead.proto.ipam.v1.AddPodCidrRequest;
import io.fairlead.proto.ipam.v1.AddPodCidrResponse;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc.IpamServiceBlockingStub;
import io.fairlead.proto.ipam.v1.ListPoolsRequest;
import io.fairlead.proto.ipam.v1.NodeAddress;
import io.fairlead.proto.ipam.v1.Pool;
import io.fairlead.proto.ipam.v1.PoolCidrs;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.fairlead.proto.ipam.v1.ReturnPodCidrRequest;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** The ipam service's calls as a node makes them. They block until their deadline. */
final class IpamCalls {
    private final IpamServiceBlockingStub service;
    /** Newest revision of the store an answer was of. */
    private final AtomicLong revision = new AtomicLong();

    /** @param service its stub, whose calls end */
    IpamCalls(IpamServiceBlockingStub service) {
        this.service = service;
    }

    /** Says what the node is; what it has is asked for again. */
    RegisterNodeResponse register(Wanted wanted, List<Cidr> podCidrs, List<Ip> routers) {
        RegisterNodeRequest.Builder request = RegisterNodeRequest.newBuilder()
                .setNodeName(wanted.name().value())
                .addAllRequestedPodCidrs(podCidrs.stream().map(Cidr::toString).toList())
                .setPool(wanted.pool());
        wanted.addresses().forEach(ip -> request.addAddresses(address(NodeAddress.Type.TYPE_INTERNAL_IP, ip)));
        routers.forEach(ip -> request.addAddresses(address(NodeAddress.Type.TYPE_ROUTER_IP, ip)));
        wanted.families().stream().sorted().forEach(family -> request.addIpVersions(version(family)));
        RegisterNodeResponse response = service.registerNode(request.build());
        told(response.getRevision());
        return response;
    }

    /**
     * Asks for one more block.
     *
     * @param id the same for the same block
     * @throws IllegalArgumentException when the answer is no block of what was asked for
     */
    PodBlock add(Wanted wanted, Supply supply, String id) {
        AddPodCidrResponse response = service.addPodCidr(AddPodCidrRequest.newBuilder()
                .setNodeName(wanted.name().value())
                .setPool(supply.pool())
                .setIpVersion(version(supply.family()))
                .setRequestId(id)
                .build());
        told(response.getRevision());
        String given = response.getPodCidr();
        PodBlock block = new PodBlock(Cidr.parse(given), supply.pool());
        if (block.cidr().family() != supply.family()) {
            throw new IllegalArgumentException("pod CIDR: " + given + " (expected: " + supply + ")");
        }
        return block;
    }

    /** Gives a block back, unless it was given anew since: a request that is carried out late takes no other one. */
    void giveBack(Wanted wanted, Cidr cidr) {
        var unused = service.returnPodCidr(ReturnPodCidrRequest.newBuilder()
                .setNodeName(wanted.name().value())
                .setPodCidr(cidr.toString())
                .setAsOf(revision.get())
                .build());
    }

    private void told(long now) {
        revision.accumulateAndGet(now, Math::max);
    }

    /** The pool a pod CIDR is from; the one asked for when nobody says. */
    PodBlock block(Cidr cidr, String asked) {
        try {
            for (Pool pool :
                    service.listPools(ListPoolsRequest.getDefaultInstance()).getPoolsList()) {
                for (PoolCidrs family : pool.getFamiliesList()) {
                    if (family.getCidrsList().stream()
                            .anyMatch(one -> Cidr.parse(one).contains(cidr))) {
                        return new PodBlock(cidr, pool.getName());
                    }
                }
            }
        } catch (StatusRuntimeException | IllegalArgumentException e) {
            return new PodBlock(cidr, asked);
        }
        return new PodBlock(cidr, asked);
    }

    private static int version(Ip.Family family) {
        return family == Ip.Family.V4 ? 4 : 6;
    }

    private static NodeAddress address(NodeAddress.Type type, Ip ip) {
        return NodeAddress.newBuilder().setType(type).setIp(ip.toString()).build();
    }
}
