package io.fairlead.bench.limits;

import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.NodeAddress;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.vertx.core.Future;
import java.util.Locale;

/** Nodes that register for the first time, each with an address of its own. */
final class Nodes implements Subject {
    private final Clients clients;

    Nodes(int port, int connections) {
        this.clients = new Clients(port, connections);
    }

    @Override
    public String name() {
        return "nodes";
    }

    @Override
    public Future<?> allocate(int number) {
        return clients.<RegisterNodeRequest, RegisterNodeResponse>call(
                IpamServiceGrpc.getRegisterNodeMethod(),
                RegisterNodeRequest.newBuilder()
                        .setNodeName(String.format(Locale.ROOT, "node%07d", number))
                        .addAddresses(NodeAddress.newBuilder()
                                .setType(NodeAddress.Type.TYPE_INTERNAL_IP)
                                .setIp("172." + (16 + number / 62_500) + "." + (1 + number / 250 % 250) + "."
                                        + (1 + number % 250)))
                        .build());
    }

    @Override
    public Guards guards() {
        return new Guards(1, 0, 0);
    }

    @Override
    public void close() {
        clients.close();
    }
}
