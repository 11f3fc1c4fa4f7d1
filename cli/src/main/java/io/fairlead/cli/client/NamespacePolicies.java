package io.fairlead.cli.client;

import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.DeletePoliciesRequest;
import io.fairlead.proto.policy.v1.GetPoliciesRequest;
import io.fairlead.proto.policy.v1.NodeProgress;
import io.fairlead.proto.policy.v1.PolicyName;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc.PolicyServiceBlockingStub;
import io.fairlead.proto.policy.v1.StoredPolicy;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Policies that are put into force and taken out of it again, each time on every node before a call returns. A
 * connection to the identity service; calls block.
 */
public final class NamespacePolicies implements AutoCloseable {
    private final Duration timeout;
    private final ServiceConnection connection;

    /**
     * Connects with the first call.
     *
     * @param addresses of the identity service's replicas
     * @param tls how to connect
     * @param timeout how long nodes may take, and after that the answer
     */
    public NamespacePolicies(List<InetSocketAddress> addresses, ServiceTls tls, Duration timeout) {
        this.timeout = timeout;
        connection = new ServiceConnection("identity-service", addresses, tls, ServiceConnection.ANSWER_BYTES);
    }

    /** @throws AgentException when they are refused, or a node has them not in force in time */
    public void apply(String documents) {
        inForce(call(stub -> stub.applyPolicies(ApplyPoliciesRequest.newBuilder()
                        .setDocuments(documents)
                        .setWaitMs((int) timeout.toMillis())
                        .build())
                .getProgress()));
    }

    /** @throws AgentException when there is no answer, or a node has them still in force when the time is over */
    public void deleteAll(String namespace) {
        List<PolicyName> names =
                call(stub -> stub.getPolicies(GetPoliciesRequest.getDefaultInstance())).getPoliciesList().stream()
                        .map(StoredPolicy::getName)
                        .filter(name -> name.getNamespace().equals(namespace))
                        .toList();
        if (!names.isEmpty()) {
            inForce(call(stub -> stub.deletePolicies(DeletePoliciesRequest.newBuilder()
                            .addAllNames(names)
                            .setWaitMs((int) timeout.toMillis())
                            .build())
                    .getProgress()));
        }
    }

    private void inForce(NodeProgress progress) {
        if (progress.getLateCount() > 0) {
            String late = progress.getLateList().stream()
                    .map(node -> node.getNodeName() + ": " + node.getReason())
                    .collect(Collectors.joining("; "));
            String text = "policies are in force on " + progress.getInForce() + " of " + progress.getNodes()
                    + " nodes after " + progress.getWaitedMs() + " ms (expected: all): " + late;
            throw new AgentException(
                    text, Status.DEADLINE_EXCEEDED.withDescription(text).asRuntimeException());
        }
    }

    private <T> T call(Function<PolicyServiceBlockingStub, T> rpc) {
        try {
            // the service waits for the nodes before it answers
            return rpc.apply(PolicyServiceGrpc.newBlockingStub(connection.channel())
                    .withDeadlineAfter(2 * timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException e) {
            throw connection.explain(e, timeout);
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
