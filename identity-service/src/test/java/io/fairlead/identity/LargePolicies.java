package io.fairlead.identity;

import io.fairlead.proto.identity.v1.AckIdentities;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc.IdentityServiceStub;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesResponse;
import io.fairlead.proto.identity.v1.SubscribeIdentities;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** A node that only remembers which policies it was told whole. */
final class LargePolicies implements StreamObserver<StreamIdentitiesResponse> {
    private static final int PREFIXES = 42_000;

    private final StreamObserver<StreamIdentitiesRequest> requests;
    private final Set<String> names = new TreeSet<>();

    LargePolicies(IdentityServiceStub stub) {
        requests = stub.streamIdentities(this);
        requests.onNext(StreamIdentitiesRequest.newBuilder()
                .setSubscribe(SubscribeIdentities.newBuilder().setNodeName("n" + UUID.randomUUID()))
                .build());
    }

    /** A policy of about 0.8 MB. */
    static String document(String name, int number) {
        StringBuilder text = new StringBuilder("{\"apiVersion\":\"cilium.io/v2\",\"kind\":\"CiliumNetworkPolicy\",")
                .append("\"metadata\":{\"name\":\"")
                .append(name)
                .append("\"},\"spec\":{\"endpointSelector\":{},\"ingress\":[{\"fromCIDR\":[");
        for (int i = 0; i < PREFIXES; i++) {
            text.append(i == 0 ? "\"" : ",\"")
                    .append(10 + number)
                    .append('.')
                    .append(100 + (i >> 16 & 0xff))
                    .append('.')
                    .append(i >> 8 & 0xff)
                    .append('.')
                    .append(i & 0xff)
                    .append("/32\"");
        }
        return text.append("]}]}}").toString();
    }

    synchronized Set<String> names() {
        return Set.copyOf(names);
    }

    @Override
    public synchronized void onNext(StreamIdentitiesResponse response) {
        response.getPolicyUpsertsList().forEach(policy -> {
            int prefixes = policy.getRulesList().stream()
                    .mapToInt(rule -> rule.getSerializedSize())
                    .sum();
            if (prefixes > 10 * PREFIXES) {
                names.add(policy.getName().getName());
            }
        });
        requests.onNext(StreamIdentitiesRequest.newBuilder()
                .setAck(AckIdentities.newBuilder().setNonce(response.getNonce()).setVersion(response.getVersion()))
                .build());
    }

    @Override
    public void onError(Throwable cause) {
        // the test is over
    }

    @Override
    public void onCompleted() {
        // the test is over
    }
}
