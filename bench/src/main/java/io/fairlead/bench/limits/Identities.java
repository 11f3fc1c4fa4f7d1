package io.fairlead.bench.limits;

import io.fairlead.proto.identity.v1.AllocateIdentityRequest;
import io.fairlead.proto.identity.v1.AllocateIdentityResponse;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.vertx.core.Future;
import java.util.Locale;

/** Label sets that were never seen, each asked for by one of many nodes. */
final class Identities implements Subject {
    private final Clients clients;

    Identities(int port, int connections) {
        this.clients = new Clients(port, connections);
    }

    @Override
    public String name() {
        return "identities";
    }

    @Override
    public Future<?> allocate(int number) {
        return clients.<AllocateIdentityRequest, AllocateIdentityResponse>call(
                IdentityServiceGrpc.getAllocateIdentityMethod(),
                AllocateIdentityRequest.newBuilder()
                        .setNodeName(String.format(Locale.ROOT, "node%04d", number % 5_000))
                        .addLabels(String.format(Locale.ROOT, "k8s:app=service-%07d", number))
                        .addLabels("k8s:io.kubernetes.pod.namespace=bench")
                        .addLabels("k8s:io.cilium.k8s.policy.cluster=default")
                        .build());
    }

    @Override
    public Guards guards() {
        return new Guards(1, 1, 1);
    }

    @Override
    public void close() {
        clients.close();
    }
}
