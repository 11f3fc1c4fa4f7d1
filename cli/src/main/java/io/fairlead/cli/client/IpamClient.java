package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.contract.NodeName;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc.IpamServiceBlockingStub;
import io.fairlead.proto.ipam.v1.ListNodesRequest;
import io.fairlead.proto.ipam.v1.ReleaseNodeRequest;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A connection to the ipam-service, for what is decided for the whole cluster. Calls block. */
public final class IpamClient implements AutoCloseable {
    private final Duration timeout;
    private final ServiceConnection connection;

    /**
     * Connects with the first call.
     *
     * @param addresses of the service's replicas
     * @param tls how to connect
     * @param timeout for each call, connecting included
     */
    public IpamClient(List<InetSocketAddress> addresses, ServiceTls tls, Duration timeout) {
        this.timeout = timeout;
        connection = new ServiceConnection("ipam-service", addresses, tls, ServiceConnection.ANSWER_BYTES);
    }

    /**
     * Removes a node from the cluster for good; its pod CIDRs become free.
     *
     * @throws AgentException when there is no answer or a refusal
     */
    public Answer release(NodeName node) {
        try {
            // the node as it is now: a request that is repeated and carried out late ends no later registration
            long asOf = ipam().listNodes(ListNodesRequest.getDefaultInstance()).getRevision();
            boolean released = ipam().releaseNode(ReleaseNodeRequest.newBuilder()
                            .setNodeName(node.value())
                            .setAsOf(asOf)
                            .build())
                    .getReleased();
            return new Released(node.value(), released);
        } catch (StatusRuntimeException e) {
            throw connection.explain(e, timeout);
        }
    }

    private IpamServiceBlockingStub ipam() {
        return IpamServiceGrpc.newBlockingStub(connection.channel())
                .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        connection.close();
    }

    /** {@code node release}. */
    private record Released(String node, boolean released) implements Answer {
        @Override
        public String text(TextStyle style) {
            return node + (released ? ": released\n" : ": not known, nothing to release\n");
        }

        @Override
        public Object json() {
            return Json.object("node", node, "released", released);
        }
    }
}
