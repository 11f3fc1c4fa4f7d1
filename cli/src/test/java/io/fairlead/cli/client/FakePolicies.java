package io.fairlead.cli.client;

import io.fairlead.proto.policy.v1.AppliedPolicy;
import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.ApplyPoliciesResponse;
import io.fairlead.proto.policy.v1.DeletePoliciesRequest;
import io.fairlead.proto.policy.v1.DeletePoliciesResponse;
import io.fairlead.proto.policy.v1.GetPoliciesRequest;
import io.fairlead.proto.policy.v1.GetPoliciesResponse;
import io.fairlead.proto.policy.v1.LateNode;
import io.fairlead.proto.policy.v1.NodeProgress;
import io.fairlead.proto.policy.v1.PolicyName;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.proto.policy.v1.StoredPolicy;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An identity-service on a loopback port that has one policy, "web", and one node that is late for what is called "late". */
public final class FakePolicies extends PolicyServiceGrpc.PolicyServiceImplBase implements AutoCloseable {
    /** Requests, in their order. */
    public final List<Object> requests = new CopyOnWriteArrayList<>();

    private final Server server;

    public FakePolicies() throws IOException {
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

    private static PolicyName web() {
        return PolicyName.newBuilder()
                .setKind("CiliumNetworkPolicy")
                .setNamespace("default")
                .setName("web")
                .build();
    }

    @Override
    public void applyPolicies(ApplyPoliciesRequest request, StreamObserver<ApplyPoliciesResponse> caller) {
        requests.add(request);
        if (request.getDocuments().contains("broken")) {
            caller.onError(Status.INVALID_ARGUMENT
                    .withDescription("document 1: a\ndocument 2: b")
                    .asRuntimeException());
            return;
        }
        ApplyPoliciesResponse.Builder response =
                ApplyPoliciesResponse.newBuilder().setRevision(7);
        AppliedPolicy.Outcome outcome =
                request.getValidateOnly() ? AppliedPolicy.Outcome.OUTCOME_VALID : AppliedPolicy.Outcome.OUTCOME_CREATED;
        response.addPolicies(AppliedPolicy.newBuilder().setName(web()).setOutcome(outcome));
        response.addPolicies(AppliedPolicy.newBuilder()
                .setName(web().toBuilder().setKind("NetworkPolicy").setName("db"))
                .setOutcome(request.getValidateOnly() ? outcome : AppliedPolicy.Outcome.OUTCOME_UNCHANGED));
        if (request.getWaitMs() > 0) {
            boolean late = request.getDocuments().contains("late");
            NodeProgress.Builder progress = NodeProgress.newBuilder()
                    .setNodes(3)
                    .setInForce(late ? 2 : 3)
                    .setWaitedMs(41);
            if (late) {
                progress.addLate(LateNode.newBuilder().setNodeName("dev3").setReason("not connected"));
            }
            response.setProgress(progress);
        }
        caller.onNext(response.build());
        caller.onCompleted();
    }

    @Override
    public void getPolicies(GetPoliciesRequest request, StreamObserver<GetPoliciesResponse> caller) {
        requests.add(request);
        GetPoliciesResponse.Builder response = GetPoliciesResponse.newBuilder().setRevision(9);
        boolean wanted = request.getNamesList().stream()
                .anyMatch(name -> name.getKind().equals("CiliumNetworkPolicy")
                        && (name.getName().isEmpty() || name.getName().equals("web"))
                        && (name.getNamespace().isEmpty() || name.getNamespace().equals("default")));
        if (wanted) {
            response.addPolicies(StoredPolicy.newBuilder()
                    .setName(web())
                    .setDocument("{\"kind\":\"CiliumNetworkPolicy\",\"spec\":{\"endpointSelector\":{}}}")
                    .setRevision(7)
                    .setCreatedMs(System.currentTimeMillis() - 3_725_000));
        }
        caller.onNext(response.build());
        caller.onCompleted();
    }

    @Override
    public void deletePolicies(DeletePoliciesRequest request, StreamObserver<DeletePoliciesResponse> caller) {
        requests.add(request);
        if (request.getNamesList().stream().anyMatch(name -> name.getName().equals("nothing"))) {
            caller.onError(Status.NOT_FOUND
                    .withDescription("CiliumNetworkPolicy default/nothing: not found")
                    .asRuntimeException());
            return;
        }
        caller.onNext(DeletePoliciesResponse.newBuilder()
                .addAllDeleted(request.getNamesList())
                .setProgress(NodeProgress.newBuilder().setNodes(1).setInForce(1).setWaitedMs(5))
                .build());
        caller.onCompleted();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
