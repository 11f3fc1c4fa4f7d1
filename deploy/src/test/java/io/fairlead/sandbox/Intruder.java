package io.fairlead.sandbox;

import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.PublishEndpointRequest;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.tls.Peer;
import io.fairlead.runtime.grpc.tls.PemFiles;
import io.fairlead.runtime.grpc.tls.Tls;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.netty.handler.ssl.SslContext;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What somebody on a node could try at an identity-service; prints a line for each attempt, with how it ended. */
final class Intruder {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final HostPort service;
    private final Path authority;

    private Intruder(HostPort service, Path authority) {
        this.service = service;
        this.authority = authority;
    }

    /**
     * Arguments: the address of one replica, the sandbox's certificates, those of a foreign authority, the address of
     * another replica; each replica logs only one of many refused connections.
     */
    public static void main(String[] arguments) {
        Path own = Path.of(arguments[1]);
        Path foreign = Path.of(arguments[2]);
        Intruder intruder = new Intruder(HostPort.parse(arguments[0]), own.resolve("ca.crt"));
        Optional<SslContext> dev1 = intruder.certificate(own);
        intruder.tries("own name", dev1, "dev1", "10.244.250.9");
        intruder.tries("other name", dev1, "dev2", "10.244.250.9");
        intruder.tries("foreign authority", intruder.certificate(foreign), "dev1", "10.244.250.9");
        new Intruder(HostPort.parse(arguments[3]), own.resolve("ca.crt"))
                .tries("plain", Optional.empty(), "dev1", "10.244.250.9");
        System.exit(0);
    }

    private Optional<SslContext> certificate(Path directory) {
        PemFiles files =
                new PemFiles(directory.resolve("node-dev1.crt"), directory.resolve("node-dev1.key"), authority);
        return Optional.of(new Tls("intruder", files, Clock.systemUTC()).client(Peer.service(List.of(service))));
    }

    private void tries(String what, Optional<SslContext> tls, String node, String ip) {
        ManagedChannel channel = Channels.tcp(service, PATIENCE, tls);
        PublishEndpointRequest request = PublishEndpointRequest.newBuilder()
                .setNodeName(node)
                .setIp(ip)
                .setIdentity(4)
                .setHostIp("192.168.2.31")
                .build();
        String ended;
        try {
            IdentityServiceGrpc.newBlockingStub(channel).publishEndpoint(request);
            ended = "published";
        } catch (io.grpc.StatusRuntimeException e) {
            Status status = e.getStatus();
            ended = status.getCode() + ": " + status.getDescription();
        }
        System.out.println(what + " -> " + ended.replace('\n', ' '));
        channel.shutdownNow();
    }
}
