package io.fairlead.node.agent;

import io.fairlead.contract.NodeName;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc.IdentityServiceBlockingStub;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc.IdentityServiceStub;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc.IpamServiceBlockingStub;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.RouteServiceGrpc.RouteServiceBlockingStub;
import io.fairlead.proto.route.v1.RouteServiceGrpc.RouteServiceStub;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.ReplicaChannel;
import io.fairlead.runtime.grpc.tls.Tls;
import io.fairlead.runtime.process.Lifecycle;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Connections to the services, each to one of its replicas: calls with one answer have a deadline. */
record ServiceChannels(ReplicaChannel toIdentity, ReplicaChannel toIpam, ReplicaChannel toRoutes) {
    /**
     * How services are called.
     *
     * @param deadline of calls with one answer
     * @param tls empty for plain connections
     */
    record Calls(Duration deadline, Optional<Tls> tls) {}

    /** @param node its name says in which order the replicas are preferred */
    static ServiceChannels open(AgentConfig.Services services, NodeName node, Calls calls, Lifecycle life) {
        return new ServiceChannels(
                channel("identity channel", services.identity(), node, calls, life),
                channel("ipam channel", services.ipam(), node, calls, life),
                channel("route channel", services.routes(), node, calls, life));
    }

    private static ReplicaChannel channel(
            String name, List<HostPort> addresses, NodeName node, Calls calls, Lifecycle life) {
        ReplicaChannel channel = Channels.replicas(addresses, node.value(), calls.deadline(), calls.tls());
        life.onClose(name, channel::shutdownNow);
        return channel;
    }

    /** Which replica of each service this node uses, for people. */
    String inUse() {
        return "identity " + toIdentity.inUse() + ", ipam " + toIpam.inUse() + ", route " + toRoutes.inUse();
    }

    IdentityServiceBlockingStub identity() {
        return IdentityServiceGrpc.newBlockingStub(toIdentity);
    }

    IdentityServiceStub identityStream() {
        return IdentityServiceGrpc.newStub(toIdentity);
    }

    IpamServiceBlockingStub ipam() {
        return IpamServiceGrpc.newBlockingStub(toIpam);
    }

    RouteServiceBlockingStub distributor() {
        return RouteServiceGrpc.newBlockingStub(toRoutes);
    }

    RouteServiceStub routeStream() {
        return RouteServiceGrpc.newStub(toRoutes);
    }
}
