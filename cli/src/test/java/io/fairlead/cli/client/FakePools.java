package io.fairlead.cli.client;

import io.fairlead.proto.ipam.v1.AddPoolCidrsRequest;
import io.fairlead.proto.ipam.v1.AddPoolCidrsResponse;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.ListPoolsRequest;
import io.fairlead.proto.ipam.v1.ListPoolsResponse;
import io.fairlead.proto.ipam.v1.ListWithheldRequest;
import io.fairlead.proto.ipam.v1.ListWithheldResponse;
import io.fairlead.proto.ipam.v1.Pool;
import io.fairlead.proto.ipam.v1.PoolCidrs;
import io.fairlead.proto.ipam.v1.WithheldCidr;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** An ipam-service on a loopback port with one pool and one withheld block. */
public final class FakePools extends IpamServiceGrpc.IpamServiceImplBase implements AutoCloseable {
    private final Server server;
    private volatile boolean withheld = true;

    public FakePools() throws IOException {
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

    /** From now on nothing is withheld. */
    public void nothingWithheld() {
        withheld = false;
    }

    @Override
    public void listPools(ListPoolsRequest request, StreamObserver<ListPoolsResponse> caller) {
        PoolCidrs family = PoolCidrs.newBuilder()
                .setIpVersion(4)
                .addAllCidrs(List.of("10.244.0.0/16", "10.8.0.0/16"))
                .setMaskSize(24)
                .setBlocks(512)
                .setTaken(3)
                .setWithheld(1)
                .build();
        caller.onNext(ListPoolsResponse.newBuilder()
                .addPools(Pool.newBuilder().setName("default").addFamilies(family))
                .build());
        caller.onCompleted();
    }

    @Override
    public void addPoolCidrs(AddPoolCidrsRequest request, StreamObserver<AddPoolCidrsResponse> caller) {
        if (request.getPool().equals("taken")) {
            caller.onError(Status.INVALID_ARGUMENT
                    .withDescription("requested CIDR " + request.getCidrs(0) + " colides with 10.0.0.0/8")
                    .asRuntimeException());
            return;
        }
        PoolCidrs family = PoolCidrs.newBuilder()
                .setIpVersion(4)
                .addAllCidrs(request.getCidrsList())
                .setMaskSize(request.getMaskSize())
                .build();
        caller.onNext(AddPoolCidrsResponse.newBuilder()
                .setPool(Pool.newBuilder().setName(request.getPool()).addFamilies(family))
                .build());
        caller.onCompleted();
    }

    @Override
    public void listWithheld(ListWithheldRequest request, StreamObserver<ListWithheldResponse> caller) {
        ListWithheldResponse.Builder response = ListWithheldResponse.newBuilder();
        if (withheld) {
            response.addCidrs(WithheldCidr.newBuilder()
                    .setCidr("10.244.3.0/24")
                    .setNodeName("dev3")
                    .setRevision(812)
                    .addAllWaitingFor(List.of("n0", "n1", "n2", "n3", "n4", "n5", "n6")));
        }
        caller.onNext(response.build());
        caller.onCompleted();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
