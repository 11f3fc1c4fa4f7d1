package io.fairlead.identity.grpc;

import io.fairlead.contract.policy.PolicyName.Kind;
import io.fairlead.contract.policy.grpc.PolicyMessages;
import io.fairlead.identity.policy.PolicyService;
import io.fairlead.identity.policy.PolicyService.Change;
import io.fairlead.identity.policy.PolicyService.Filter;
import io.fairlead.identity.policy.PolicyService.Reached;
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
import io.grpc.stub.StreamObserver;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;

/** Serves PolicyService. Handlers only start work; answers are given on the thread where it ends. */
public final class PolicyGrpc extends PolicyServiceGrpc.PolicyServiceImplBase {
    /** Longer waits are cut to this. */
    private static final Duration MAX_WAIT = Duration.ofMinutes(10);

    private final PolicyService policies;

    /** Serves one store's policies. */
    public PolicyGrpc(PolicyService policies) {
        this.policies = policies;
    }

    @Override
    public void applyPolicies(ApplyPoliciesRequest request, StreamObserver<ApplyPoliciesResponse> observer) {
        IdentityGrpc.answer(observer, () -> {
            Future<Change> change = request.getValidateOnly()
                    ? policies.validate(request.getDocuments())
                    : policies.apply(request.getDocuments(), wait(request.getWaitMs()));
            return change.map(PolicyGrpc::applied);
        });
    }

    private static ApplyPoliciesResponse applied(Change change) {
        ApplyPoliciesResponse.Builder response =
                ApplyPoliciesResponse.newBuilder().setRevision(change.revision());
        change.policies()
                .forEach(policy -> response.addPolicies(AppliedPolicy.newBuilder()
                        .setName(PolicyMessages.message(policy.name()))
                        .setOutcome(
                                switch (policy.outcome()) {
                                    case CREATED -> AppliedPolicy.Outcome.OUTCOME_CREATED;
                                    case CONFIGURED -> AppliedPolicy.Outcome.OUTCOME_CONFIGURED;
                                    case UNCHANGED -> AppliedPolicy.Outcome.OUTCOME_UNCHANGED;
                                    case VALID -> AppliedPolicy.Outcome.OUTCOME_VALID;
                                })));
        change.reached().ifPresent(reached -> response.setProgress(progress(reached)));
        return response.build();
    }

    @Override
    public void getPolicies(GetPoliciesRequest request, StreamObserver<GetPoliciesResponse> observer) {
        IdentityGrpc.answer(
                observer,
                () -> policies.get(request.getNamesList().stream()
                                .map(PolicyGrpc::filter)
                                .toList())
                        .map(contents -> {
                            GetPoliciesResponse.Builder response =
                                    GetPoliciesResponse.newBuilder().setRevision(contents.revision());
                            contents.policies()
                                    .forEach(policy -> response.addPolicies(StoredPolicy.newBuilder()
                                            .setName(PolicyMessages.message(policy.name()))
                                            .setDocument(policy.document())
                                            .setRevision(policy.revision())
                                            .setCreatedMs(policy.createdMs())));
                            return response.build();
                        }));
    }

    @Override
    public void deletePolicies(DeletePoliciesRequest request, StreamObserver<DeletePoliciesResponse> observer) {
        IdentityGrpc.answer(
                observer,
                () -> policies.delete(
                                request.getNamesList().stream()
                                        .map(PolicyMessages::read)
                                        .toList(),
                                wait(request.getWaitMs()))
                        .map(change -> {
                            DeletePoliciesResponse.Builder response =
                                    DeletePoliciesResponse.newBuilder().setRevision(change.revision());
                            change.policies()
                                    .forEach(policy -> response.addDeleted(PolicyMessages.message(policy.name())));
                            change.reached().ifPresent(reached -> response.setProgress(progress(reached)));
                            return response.build();
                        }));
    }

    private static NodeProgress progress(Reached reached) {
        NodeProgress.Builder progress = NodeProgress.newBuilder()
                .setNodes(reached.progress().nodes())
                .setInForce(reached.progress().inForce())
                .setWaitedMs((int) reached.waitedMs());
        reached.progress()
                .late()
                .forEach(late -> progress.addLate(
                        LateNode.newBuilder().setNodeName(late.node()).setReason(late.reason())));
        return progress.build();
    }

    private static Filter filter(PolicyName name) {
        Optional<Kind> kind = Kind.find(name.getKind());
        if (kind.isEmpty() && !name.getKind().isEmpty()) {
            throw new IllegalArgumentException("kind: \"" + name.getKind()
                    + "\" (expected: NetworkPolicy, CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy)");
        }
        return new Filter(kind, name.getNamespace(), name.getName());
    }

    /** Unsigned on the wire. */
    private static Duration wait(int ms) {
        Duration wait = Duration.ofMillis(Integer.toUnsignedLong(ms));
        return wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait;
    }
}
