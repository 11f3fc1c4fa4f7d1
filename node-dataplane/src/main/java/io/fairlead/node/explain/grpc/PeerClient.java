package io.fairlead.node.explain.grpc;

import io.fairlead.contract.Ip;
import io.fairlead.node.explain.Explanation;
import io.fairlead.node.explain.Packet;
import io.fairlead.node.explain.Surroundings.Peers;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;

/** Asks other nodes' agents, each time by a connection of its own: questions are rare. Blocks; several threads may. */
public final class PeerClient implements Peers {
    private static final Duration DEADLINE = Duration.ofSeconds(3);

    private final int port;

    /** @param port the agents' port for each other */
    public PeerClient(int port) {
        this.port = port;
    }

    /** @throws StatusRuntimeException naming the node when it gives no answer */
    @Override
    public Explanation arriving(Ip node, Packet packet) {
        HostPort address = new HostPort(node.toString(), port);
        ManagedChannel channel = Channels.tcp(address, DEADLINE);
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
