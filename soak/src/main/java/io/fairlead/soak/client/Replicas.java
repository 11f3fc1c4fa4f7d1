package io.fairlead.soak.client;

import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * The replicas of one service and connections to them, shared by many nodes.
 *
 * <p>Each connection is asked for a sign of life twice a second, by a call of a method that does not exist: any answer will
 * do. One that stays silent is closed, so that its streams end and their nodes go elsewhere; a paused or cut off peer is
 * noticed within about four seconds, which HTTP/2 pings (ten seconds apart at the least) cannot do. Any thread may call.
 */
public final class Replicas implements AutoCloseable {
    private static final Duration PROBE_EVERY = Duration.ofMillis(500);
    private static final int SILENT = 2;
    private static final MethodDescriptor<byte[], byte[]> PROBE = MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("fairlead.soak/Probe")
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();

    private final List<HostPort> addresses;
    private final Duration deadline;
    private final List<Connection> connections = new ArrayList<>();
    private final int perReplica;
    private final ScheduledFuture<?> probing;

    /**
     * Connections to some replicas; they connect when first used.
     *
     * @param perReplica connections to each, which nodes share
     * @param deadline of calls with one answer
     * @param clock runs the probes; not ended here
     */
    public Replicas(List<HostPort> addresses, int perReplica, Duration deadline, ScheduledExecutorService clock) {
        this.addresses = List.copyOf(addresses);
        this.perReplica = perReplica;
        this.deadline = deadline;
        for (HostPort address : addresses) {
            for (int i = 0; i < perReplica; i++) {
                connections.add(new Connection(address));
            }
        }
        this.probing = clock.scheduleWithFixedDelay(
                () -> connections.forEach(Connection::probe),
                PROBE_EVERY.toMillis(),
                PROBE_EVERY.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** How many replicas there are. */
    public int count() {
        return addresses.size();
    }

    /**
     * A node's connection to a replica.
     *
     * @param replica any number not negative: they go round
     */
    Channel channel(int replica, int node) {
        return at(replica, node).channel();
    }

    /** The next replica that seems to live; the next one when none does. */
    int after(int replica, int node) {
        for (int step = 1; step <= count(); step++) {
            if (at(replica + step, node).isAlive()) {
                return (replica + step) % count();
            }
        }
        return (replica + 1) % count();
    }

    private Connection at(int replica, int node) {
        return connections.get((replica % count()) * perReplica + node % perReplica);
    }

    @Override
    public void close() {
        probing.cancel(false);
        connections.forEach(Connection::close);
    }

    private final class Connection {
        private final HostPort address;
        private ManagedChannel channel; // guarded by: this
        private int silent; // guarded by: this
        private boolean asking; // guarded by: this
        private boolean closed; // guarded by: this

        Connection(HostPort address) {
            this.address = address;
            this.channel = Channels.tcp(address, deadline);
        }

        synchronized Channel channel() {
            return channel;
        }

        synchronized boolean isAlive() {
            return silent == 0;
        }

        void probe() {
            ManagedChannel asked;
            synchronized (this) {
                if (asking || closed) {
                    return;
                }
                asking = true;
                asked = channel;
            }
            ClientCalls.asyncUnaryCall(
                    asked.newCall(PROBE, CallOptions.DEFAULT.withDeadlineAfter(1500, TimeUnit.MILLISECONDS)),
                    new byte[0],
                    new StreamObserver<>() {
                        @Override
                        public void onNext(byte[] value) {}

                        @Override
                        public void onError(Throwable cause) {
                            Status.Code code = Status.fromThrowable(cause).getCode();
                            answered(code != Status.Code.UNAVAILABLE && code != Status.Code.DEADLINE_EXCEEDED);
                        }

                        @Override
                        public void onCompleted() {
                            answered(true);
                        }
                    });
        }

        private void answered(boolean alive) {
            ManagedChannel dead = null;
            synchronized (this) {
                asking = false;
                silent = alive ? 0 : silent + 1;
                if (silent >= SILENT && !closed) {
                    dead = channel;
                    channel = Channels.tcp(address, deadline);
                    silent = 1;
                }
            }
            if (dead != null) {
                dead.shutdownNow();
            }
        }

        void close() {
            ManagedChannel last;
            synchronized (this) {
                closed = true;
                last = channel;
            }
            last.shutdownNow();
        }
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            return new byte[0];
        }
    }
}
