package io.fairlead.soak.client;

import io.fairlead.proto.identity.v1.AllocateIdentityRequest;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.PublishEndpointRequest;
import io.fairlead.proto.identity.v1.ReleaseIdentityRequest;
import io.fairlead.proto.identity.v1.WithdrawEndpointRequest;
import io.fairlead.proto.ipam.v1.AddPodCidrRequest;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.ListNodesRequest;
import io.fairlead.proto.ipam.v1.NodeAddress;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.ReleaseNodeRequest;
import io.fairlead.proto.ipam.v1.ReturnPodCidrRequest;
import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.DeletePoliciesRequest;
import io.fairlead.proto.policy.v1.PolicyName;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * A node without a kernel: it asks the services for what an agent asks, follows both streams, and keeps their tables.
 *
 * <p>Calls with one answer block, end within the deadline of {@link Services}, are tried once, and throw
 * StatusRuntimeException; after a failure the next call goes to another replica. Streams run by themselves. Calls are for
 * one thread at a time; everything else for any.
 */
public final class SimulatedNode implements AutoCloseable {
    private final String name;
    private final String address;
    private final int index;
    private final Services services;
    private final RouteFeed routes;
    private final IdentityFeed identities;
    /** Newest revision an answer about its CIDRs was of. */
    private final AtomicLong told = new AtomicLong();

    private int ipam; // owned by: the calling thread
    private int identity; // owned by: the calling thread

    /**
     * A node that has not started.
     *
     * @param address its own, textual
     * @param index numbers the nodes of a process: spreads them over replicas and connections
     * @param dictionary shared by the nodes of a process
     */
    public SimulatedNode(String name, String address, int index, Services services, Dictionary dictionary) {
        this.name = name;
        this.address = address;
        this.index = index;
        this.services = services;
        this.routes = new RouteFeed(name, index, services, dictionary);
        this.identities = new IdentityFeed(name, index, services, dictionary);
        this.ipam = index;
        this.identity = index;
    }

    public String name() {
        return name;
    }

    public String address() {
        return address;
    }

    /** Opens the stream of routes. */
    public void streamRoutes() {
        routes.start();
    }

    /** Opens the stream of identities, addresses and policies. */
    public void streamIdentities() {
        identities.start();
    }

    public FeedState routeState() {
        return routes.state();
    }

    public FeedState identityState() {
        return identities.state();
    }

    /** How many routes it has; cheap. */
    public int routeCount() {
        return routes.size();
    }

    /** Everything it knows, copied. */
    public NodeTables tables() {
        return identities.withRoutes(routes);
    }

    /** A block, and the revision it is known from. */
    public record Registered(List<String> podCidrs, long revision) {}

    /** Makes it known and gives it its CIDRs. */
    public Registered register() {
        return ipam(channel -> {
            var response = IpamServiceGrpc.newBlockingStub(channel)
                    .registerNode(RegisterNodeRequest.newBuilder()
                            .setNodeName(name)
                            .addAddresses(NodeAddress.newBuilder()
                                    .setType(NodeAddress.Type.TYPE_INTERNAL_IP)
                                    .setIp(address))
                            .build());
            told.accumulateAndGet(response.getRevision(), Math::max);
            return new Registered(List.copyOf(response.getPodCidrsList()), response.getRevision());
        });
    }

    /** Another block; the same {@code request} gives the same one. */
    public String addCidr(String request) {
        var added = ipam(channel -> IpamServiceGrpc.newBlockingStub(channel)
                .addPodCidr(AddPodCidrRequest.newBuilder()
                        .setNodeName(name)
                        .setIpVersion(4)
                        .setRequestId(request)
                        .build()));
        told.accumulateAndGet(added.getRevision(), Math::max);
        return added.getPodCidr();
    }

    /** Gives a block back; false when it was not this node's. */
    public boolean returnCidr(String cidr) {
        return ipam(channel -> IpamServiceGrpc.newBlockingStub(channel)
                .returnPodCidr(ReturnPodCidrRequest.newBuilder()
                        .setNodeName(name)
                        .setPodCidr(cidr)
                        .setAsOf(told.get())
                        .build())
                .getReturned());
    }

    /** Where it sends what is for a CIDR; empty without a route. */
    public Optional<String> nextHop(String cidr) {
        return routes.nextHop(cidr);
    }

    /** Ends it; false when nobody knew it. */
    public boolean release() {
        long asOf = ipam(channel -> IpamServiceGrpc.newBlockingStub(channel)
                .listNodes(ListNodesRequest.getDefaultInstance())
                .getRevision());
        return ipam(channel -> IpamServiceGrpc.newBlockingStub(channel)
                .releaseNode(ReleaseNodeRequest.newBuilder()
                        .setNodeName(name)
                        .setAsOf(asOf)
                        .build())
                .getReleased());
    }

    /** The number of a label set, each "source:key=value". */
    public int allocate(List<String> labels) {
        return identity(channel -> IdentityServiceGrpc.newBlockingStub(channel)
                .allocateIdentity(AllocateIdentityRequest.newBuilder()
                        .setNodeName(name)
                        .addAllLabels(labels)
                        .build())
                .getIdentity());
    }

    /** Gives its reference to a number back. */
    public void releaseIdentity(int number) {
        identity(channel -> IdentityServiceGrpc.newBlockingStub(channel)
                .releaseIdentity(ReleaseIdentityRequest.newBuilder()
                        .setNodeName(name)
                        .setIdentity(number)
                        .build()));
    }

    /** Makes an endpoint known; the revision from which it is. */
    public long publish(String ip, int number) {
        return identity(channel -> IdentityServiceGrpc.newBlockingStub(channel)
                .publishEndpoint(PublishEndpointRequest.newBuilder()
                        .setNodeName(name)
                        .setIp(ip)
                        .setIdentity(number)
                        .setHostIp(address)
                        .setNamespace("soak")
                        .setPodName("p-" + ip)
                        .build())
                .getRevision());
    }

    /** Takes an endpoint back; false when there was none of this node's. */
    public boolean withdraw(String ip) {
        return identity(channel -> IdentityServiceGrpc.newBlockingStub(channel)
                .withdrawEndpoint(WithdrawEndpointRequest.newBuilder()
                        .setNodeName(name)
                        .setIp(ip)
                        .setHostIp(address)
                        .build())
                .getWithdrawn());
    }

    /** Applies policies, as a person would; the revision they count from. */
    public long applyPolicies(String documents) {
        return identity(channel -> PolicyServiceGrpc.newBlockingStub(channel)
                .applyPolicies(ApplyPoliciesRequest.newBuilder()
                        .setDocuments(documents)
                        .build())
                .getRevision());
    }

    /** Deletes a policy; NOT_FOUND when there is none. */
    public long deletePolicy(NodeTables.PolicyKey key) {
        return identity(channel -> PolicyServiceGrpc.newBlockingStub(channel)
                .deletePolicies(DeletePoliciesRequest.newBuilder()
                        .addNames(PolicyName.newBuilder()
                                .setKind(key.kind())
                                .setNamespace(key.namespace())
                                .setName(key.name()))
                        .build())
                .getRevision());
    }

    @Override
    public void close() {
        routes.close();
        identities.close();
    }

    private <T> T ipam(Function<Channel, T> call) {
        try {
            return call.apply(services.ipam().channel(ipam, index));
        } catch (StatusRuntimeException e) {
            ipam = services.ipam().after(ipam, index);
            throw e;
        }
    }

    private <T> T identity(Function<Channel, T> call) {
        try {
            return call.apply(services.identity().channel(identity, index));
        } catch (StatusRuntimeException e) {
            identity = services.identity().after(identity, index);
            throw e;
        }
    }
}
