package io.fairlead.cli.client;

import io.fairlead.proto.route.v1.GetConvergenceRequest;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.NodeConvergence;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

/** A route-distributor on a loopback port whose nodes are all there after some questions. */
public final class FakeRoutes extends RouteServiceGrpc.RouteServiceImplBase implements AutoCloseable {
    private final AtomicInteger asked = new AtomicInteger();
    private final int lateFor;
    private final Server server;

    /** @param lateFor questions that are answered while a node is late */
    public FakeRoutes(int lateFor) throws IOException {
        this.lateFor = lateFor;
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .directExecutor()
                .addService(this)
                .build()
                .start();
    }

    public String address() {
        return "127.0.0.1:" + server.getPort();
    }

    @Override
    public void getConvergence(GetConvergenceRequest request, StreamObserver<GetConvergenceResponse> caller) {
        boolean late = asked.getAndIncrement() < lateFor;
        GetConvergenceResponse.Builder response =
                GetConvergenceResponse.newBuilder().setVersion(812).setNodes(3).setConverged(late ? 1 : 3);
        if (late) {
            response.addSlowest(NodeConvergence.newBuilder()
                            .setNodeName("dev3")
                            .setState("disconnected")
                            .setReason("no stream"))
                    .addSlowest(NodeConvergence.newBuilder()
                            .setNodeName("dev2")
                            .setState("behind")
                            .setVersion(800)
                            .setBehindMs(12_345)
                            .setReplica("a-1")
                            .setReason("has not acknowledged version 812"))
                    .setMedianUs(850)
                    .setP99Us(6_400)
                    .setMaxUs(250_000_000)
                    .setSamples(240);
        }
        response.addSlowest(NodeConvergence.newBuilder()
                .setNodeName("dev1")
                .setState("converged")
                .setVersion(812)
                .setReplica("a-1")
                .setMedianUs(700));
        GetConvergenceResponse all = response.build();
        int limit = request.getLimit() == 0 ? 99 : Math.min(request.getLimit(), all.getSlowestCount());
        caller.onNext(all.toBuilder()
                .clearSlowest()
                .addAllSlowest(all.getSlowestList().stream().limit(limit).toList())
                .build());
        caller.onCompleted();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
