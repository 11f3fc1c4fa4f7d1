package io.fairlead.node.health;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Label;
import io.fairlead.contract.Labels;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.endpoint.EndpointRequest;
import io.fairlead.node.endpoint.Workload;
import io.fairlead.node.kernel.netlink.NetNs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A pod of the agent's own, with the identity health, that does nothing but answer: what reaches it reaches pods. Calls
 * block; one thread calls.
 *
 * <p>It goes through the same steps as any pod. A stop of the agent leaves it; only the answers to HTTP pause.
 */
final class HealthEndpoint {
    private static final Labels LABELS =
            Labels.of(List.of(new Label("reserved", IdentityId.Reserved.HEALTH.label(), "")));

    private final HealthNamespace namespace;
    private final EndpointManager endpoints;
    private final Responder responder;
    private final int port;
    private @Nullable ServerSocketChannel listening; // owned by: the thread that calls

    HealthEndpoint(HealthNamespace namespace, EndpointManager endpoints, Responder responder, int port) {
        this.namespace = namespace;
        this.endpoints = endpoints;
        this.responder = responder;
        this.port = port;
    }

    /**
     * Makes what is missing of it; nothing when all is there.
     *
     * @throws RuntimeException when that must be tried again
     */
    void ensure() {
        if (!namespace.exists()) {
            stopListening();
            // its device went with the namespace
            endpoints.delete(Attachment.HEALTH);
            namespace.create();
        }
        EndpointRequest request = request();
        endpoints
                .find(Attachment.HEALTH)
                .filter(there -> !there.request().netns().equals(request.netns()))
                .ifPresent(other -> endpoints.delete(Attachment.HEALTH));
        // a pair that is gone is made again by this
        endpoints.add(request);
        listen();
    }

    /** Removes it and its namespace, when it is not wanted any more. */
    void remove() {
        stopListening();
        endpoints.delete(Attachment.HEALTH);
        namespace.remove();
    }

    private EndpointRequest request() {
        return new EndpointRequest(
                Attachment.HEALTH,
                namespace.file().toString(),
                Attachment.HEALTH.containerId(),
                new Workload(Optional.empty(), Optional.empty(), LABELS),
                List.of());
    }

    private void listen() {
        if (listening == null || !listening.isOpen()) {
            ServerSocketChannel channel =
                    NetNs.run(namespace.file().toString(), () -> Responder.listen(new InetSocketAddress(port)));
            listening = channel;
            responder.serve(channel);
        }
    }

    private void stopListening() {
        if (listening != null) {
            try {
                listening.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            listening = null;
        }
    }
}
