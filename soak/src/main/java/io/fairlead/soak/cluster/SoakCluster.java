package io.fairlead.soak.cluster;

import io.fairlead.identity.IdentityServiceMain;
import io.fairlead.ipam.IpamServiceMain;
import io.fairlead.kvstore.testing.EtcdCluster;
import io.fairlead.kvstore.testing.EtcdMember;
import io.fairlead.kvstore.testing.EtcdPlace;
import io.fairlead.routes.RouteDistributorMain;
import io.fairlead.soak.client.Replicas;
import io.fairlead.soak.client.Services;
import io.fairlead.soak.store.EtcdHttp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Everything under test, started. For one thread at a time, but for what clients talk to. */
public final class SoakCluster implements AutoCloseable {
    /** What etcd may hold: small, so that it can be filled. */
    public static final long QUOTA_BYTES = 48L << 20;

    private static final int MEMBERS = 3;
    private static final int CLIENT_PORT = 2379;
    private static final int PEER_PORT = 2380;
    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    /** Of a request of a node; longer than a service's patience with etcd, so that a service says what it met. */
    private static final Duration DEADLINE = Duration.ofSeconds(8);

    private final Network network = new Network();
    private final EtcdCluster etcd;
    private final EtcdHttp store;
    private final List<Replica> ipam;
    private final List<Replica> identity;
    private final List<Replica> routes;

    /**
     * Starts it and waits until all of it is ready.
     *
     * @param directory for data and logs
     * @param replicas of each service
     */
    public SoakCluster(Path directory, int replicas) {
        List<EtcdPlace> places = new ArrayList<>();
        List<String> control = new ArrayList<>();
        for (int i = 0; i < MEMBERS; i++) {
            Network.Place place = network.add("etcd" + i);
            places.add(new EtcdPlace(
                    place.name(), place.launcher(), place.address(), List.of(place.control()), CLIENT_PORT, PEER_PORT));
            control.add(place.control() + ":" + CLIENT_PORT);
        }
        etcd = EtcdCluster.start(directory, places, List.of("--quota-backend-bytes=" + QUOTA_BYTES));
        store = new EtcdHttp(control);
        String address = etcd.endpoints().stream().map(e -> "http://" + e).collect(Collectors.joining(","));
        List<String> common = List.of("--kvstore-opt=etcd.address=" + address, "--cluster-name=soak");
        List<String> pool = Stream.concat(
                        common.stream(),
                        // 64 blocks: blocks that were given back are soon given out again
                        Stream.of("--cluster-pool-ipv4-cidr=10.64.0.0/18", "--cluster-pool-ipv4-mask-size=24"))
                .toList();
        ipam = start("ipam", IpamServiceMain.class, pool, directory, replicas);
        identity = start("identity", IdentityServiceMain.class, common, directory, replicas);
        routes = start("routes", RouteDistributorMain.class, common, directory, replicas);
        if (!awaitReady(START_LIMIT)) {
            throw new IllegalStateException(
                    "services: not ready within 180 s: " + lacking() + " (expected: all), logs in " + directory);
        }
    }

    private List<Replica> start(String name, Class<?> main, List<String> arguments, Path directory, int replicas) {
        List<Replica> started = new ArrayList<>();
        Path clockLibrary = Clocks.library(directory.toAbsolutePath());
        for (int i = 0; i < replicas; i++) {
            Replica replica = new Replica(network.add(name + i), main, arguments, directory, clockLibrary);
            replica.start();
            started.add(replica);
        }
        return started;
    }

    /** What nodes talk to. */
    public Services services(ScheduledExecutorService clock) {
        return new Services(to(ipam, clock), to(identity, clock), to(routes, clock), clock);
    }

    private static Replicas to(List<Replica> replicas, ScheduledExecutorService clock) {
        return new Replicas(replicas.stream().map(Replica::address).toList(), 1, DEADLINE, clock);
    }

    public Network network() {
        return network;
    }

    public List<EtcdMember> members() {
        return etcd.members();
    }

    /** The checker's way to etcd. */
    public EtcdHttp store() {
        return store;
    }

    public List<Replica> ipam() {
        return ipam;
    }

    public List<Replica> identity() {
        return identity;
    }

    public List<Replica> routes() {
        return routes;
    }

    /** All replicas of all services. */
    public List<Replica> replicas() {
        return Stream.of(ipam, identity, routes).flatMap(List::stream).toList();
    }

    /** Waits until everything that was started is ready; false when that takes longer, or something has ended. */
    public boolean awaitReady(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        if (!etcd.awaitHealthy(limit)) {
            return false;
        }
        for (Replica replica : replicas()) {
            while (!replica.isReady()) {
                if (System.nanoTime() > end || !replica.isAlive()) {
                    return false;
                }
                LockSupport.parkNanos(50_000_000);
            }
        }
        return true;
    }

    /** Who is not ready, for people. */
    public String lacking() {
        List<String> names = new ArrayList<>();
        members().stream().filter(m -> !m.isHealthy()).forEach(m -> names.add(m.name()));
        replicas().stream().filter(r -> !r.isReady()).forEach(r -> names.add(r.name()));
        return String.join(", ", names);
    }

    @Override
    public void close() {
        replicas().forEach(Replica::kill9);
        etcd.close();
    }
}
