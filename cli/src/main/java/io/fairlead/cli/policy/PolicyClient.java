package io.fairlead.cli.policy;

import io.fairlead.cli.client.AgentException;
import io.fairlead.cli.client.ServiceConnection;
import io.fairlead.cli.client.ServiceTls;
import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.ApplyPoliciesResponse;
import io.fairlead.proto.policy.v1.DeletePoliciesRequest;
import io.fairlead.proto.policy.v1.DeletePoliciesResponse;
import io.fairlead.proto.policy.v1.GetPoliciesRequest;
import io.fairlead.proto.policy.v1.GetPoliciesResponse;
import io.fairlead.proto.policy.v1.PolicyName;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc.PolicyServiceBlockingStub;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A connection to the identity service, for policies. Calls block; what is refused is an AgentException. */
final class PolicyClient implements AutoCloseable {
    private static final int MAX_ANSWER_BYTES = 64 << 20;
    private static final Set<Status.Code> MISTAKES = Set.of(Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND);

    private final Duration timeout;
    private final ServiceConnection connection;

    /**
     * Connects with the first call.
     *
     * @param timeout for each call, connecting included, waiting for nodes not
     */
    PolicyClient(List<InetSocketAddress> addresses, ServiceTls tls, Duration timeout) {
        this.timeout = timeout;
        connection = new ServiceConnection("identity-service", addresses, tls, MAX_ANSWER_BYTES);
    }

    /** Checks documents only. */
    ApplyPoliciesResponse validate(String documents) {
        ApplyPoliciesRequest request = ApplyPoliciesRequest.newBuilder()
                .setDocuments(documents)
                .setValidateOnly(true)
                .build();
        return call(Duration.ZERO, stub -> stub.applyPolicies(request));
    }

    ApplyPoliciesResponse apply(String documents, Duration wait) {
        ApplyPoliciesRequest request = ApplyPoliciesRequest.newBuilder()
                .setDocuments(documents)
                .setWaitMs((int) wait.toMillis())
                .build();
        return call(wait, stub -> stub.applyPolicies(request));
    }

    GetPoliciesResponse get(List<PolicyName> names) {
        GetPoliciesRequest request =
                GetPoliciesRequest.newBuilder().addAllNames(names).build();
        return call(Duration.ZERO, stub -> stub.getPolicies(request));
    }

    DeletePoliciesResponse delete(List<PolicyName> names, Duration wait) {
        DeletePoliciesRequest request = DeletePoliciesRequest.newBuilder()
                .addAllNames(names)
                .setWaitMs((int) wait.toMillis())
                .build();
        return call(wait, stub -> stub.deletePolicies(request));
    }

    private <T> T call(Duration wait, Function<PolicyServiceBlockingStub, T> request) {
        try {
            return request.apply(PolicyServiceGrpc.newBlockingStub(connection.channel())
                    .withDeadlineAfter(timeout.plus(wait).toMillis(), TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException e) {
            String description = e.getStatus().getDescription();
            if (MISTAKES.contains(e.getStatus().getCode()) && description != null) {
                // each mistake on a line of its own
                throw new AgentException(description, e);
            }
            throw connection.explain(e, timeout.plus(wait));
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
