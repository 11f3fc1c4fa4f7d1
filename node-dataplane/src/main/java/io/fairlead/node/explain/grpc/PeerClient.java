package io.fairlead.node.explain.grpc;

import io.fairlead.contract.Ip;
import io.fairlead.node.explain.Explanation;
import io.fairlead.node.explain.Packet;
import io.fairlead.node.explain.Surroundings.Peers;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.Statuses;
import io.fairlead.runtime.grpc.tls.Peer;
import io.fairlead.runtime.grpc.tls.Tls;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;

/** Asks other nodes' agents, each time by a connection of its own: questions are rare. Blocks; several threads may. */
public final class PeerClient implements Peers {
    private static final Duration DEADLINE = Duration.ofSeconds(3);

    private final int port;
    private final Optional<Tls> tls;

    /**
     * Asks nothing yet.
     *
     * @param port the agents' port for each other
     * @param tls with which the other agent has to show a node's certificate for its address; empty for plain connections
     */
    public PeerClient(int port, Optional<Tls> tls) {
        this.port = port;
        this.tls = tls;
    }

    /** @throws StatusRuntimeException naming the node when it gives no answer */
    @Override
    public Explanation arriving(Ip node, Packet packet) {
        HostPort address = new HostPort(node.toString(), port);
        ManagedChannel channel = Channels.tcp(address, DEADLINE, tls.map(own -> own.client(Peer.node(address))));
        try {
            return ExplainMessages.explanation(
                    AgentServiceGrpc.newBlockingStub(channel).explain(ExplainMessages.arriving(packet)));
        } catch (StatusRuntimeException e) {
            throw Status.FAILED_PRECONDITION
                    .withDescription("the packet goes on to node " + node + ", whose agent at " + address
                            + " cannot be asked: " + Statuses.text(e))
                    .withCause(e)
                    .asRuntimeException();
        } finally {
            channel.shutdownNow();
        }
    }
}
