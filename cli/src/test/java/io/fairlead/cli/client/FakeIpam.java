package io.fairlead.cli.client;

import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.ListNodesRequest;
import io.fairlead.proto.ipam.v1.ListNodesResponse;
import io.fairlead.proto.ipam.v1.ReleaseNodeRequest;
import io.fairlead.proto.ipam.v1.ReleaseNodeResponse;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** An ipam-service on a loopback port that knows some nodes. */
public final class FakeIpam extends IpamServiceGrpc.IpamServiceImplBase implements AutoCloseable {
    private static final long REVISION = 77;

    private final Set<String> nodes = ConcurrentHashMap.newKeySet();
    private final Server server;

    public FakeIpam(String... known) throws IOException {
        nodes.addAll(Set.of(known));
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .directExecutor()
                .addService(this)
                .build()
                .start();
    }

    /** Where it listens. */
    public String address() {
        return "127.0.0.1:" + server.getPort();
    }

    @Override
    public void listNodes(ListNodesRequest request, StreamObserver<ListNodesResponse> caller) {
        caller.onNext(ListNodesResponse.newBuilder().setRevision(REVISION).build());
        caller.onCompleted();
    }

    @Override
    public void releaseNode(ReleaseNodeRequest request, StreamObserver<ReleaseNodeResponse> caller) {
        boolean known = request.getAsOf() == REVISION && nodes.remove(request.getNodeName());
        caller.onNext(ReleaseNodeResponse.newBuilder().setReleased(known).build());
        caller.onCompleted();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
