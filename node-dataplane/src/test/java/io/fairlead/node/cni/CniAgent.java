package io.fairlead.node.cni;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.endpoint.FakeNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** A CNI server on a socket in a test's directory, over a fake node. */
final class CniAgent implements AutoCloseable {
    static final Path SOCKET = Path.of("s.sock");
    final EndpointManager endpoints;
    final AddressPool pool;
    final AtomicReference<Optional<String>> notReady = new AtomicReference<>(Optional.empty());
    private final CniServer server;

    CniAgent(Path directory, FakeNode node) throws IOException {
        this(directory, node, Duration.ofSeconds(30), "10.244.2.0/24");
    }

    CniAgent(Path directory, FakeNode node, Duration replayEvery) throws IOException {
        this(directory, node, replayEvery, "10.244.2.0/24");
    }

    CniAgent(Path directory, FakeNode node, String... podCidrs) throws IOException {
        this(directory, node, Duration.ofSeconds(30), podCidrs);
    }

    private CniAgent(Path directory, FakeNode node, Duration replayEvery, String... podCidrs) throws IOException {
        pool = new AddressPool(Stream.of(podCidrs).map(Cidr::parse).toList(), new Random(5));
        endpoints = new EndpointManager(
                new EndpointManager.Settings(directory.resolve("state"), 1500, Duration.ofSeconds(10)),
                pool,
                node.ports(),
                new Random(5));
        endpoints.start();
        CniCommands commands =
                new CniCommands(endpoints, ClusterName.DEFAULT, notReady::get, new SimpleMeterRegistry());
        server = CniServer.start(
                new CniServer.Settings(directory.resolve(SOCKET), 4, Duration.ofSeconds(2), replayEvery), commands);
    }

    @Override
    public void close() throws IOException {
        server.close();
        endpoints.close();
    }
}
