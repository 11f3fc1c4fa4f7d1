package io.fairlead.node.agent;

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
import io.fairlead.runtime.process.Lifecycle;
import io.grpc.ManagedChannel;
import java.time.Duration;

/** Connections to the services: calls with one answer have a deadline. */
record ServiceChannels(ManagedChannel toIdentity, ManagedChannel toIpam, ManagedChannel toRoutes) {
    static ServiceChannels open(AgentConfig.Services services, Duration deadline, Lifecycle life) {
        return new ServiceChannels(
                channel("identity channel", services.identity(), deadline, life),
                channel("ipam channel", services.ipam(), deadline, life),
                channel("route channel", services.routes(), deadline, life));
    }

    private static ManagedChannel channel(String name, HostPort address, Duration deadline, Lifecycle life) {
        ManagedChannel channel = Channels.tcp(address, deadline);
        life.onClose(name, channel::shutdownNow);
        return channel;
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
