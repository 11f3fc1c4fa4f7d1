package io.fairlead.kvstore.testing;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * An etcd of several members, each a child process in a place of its own: a loopback port, or a network namespace.
 *
 * <p>For one thread at a time. The members end with {@link #close}; their data is the caller's directory.
 */
public final class EtcdCluster implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofMinutes(1);
    private static final int START_ATTEMPTS = 5;

    private final List<EtcdMember> members;

    private EtcdCluster(List<EtcdMember> members) {
        this.members = List.copyOf(members);
    }

    /**
     * Starts empty members where they are told to, and waits until all have a leader.
     *
     * @param directory for data and logs, a folder a member
     * @param options further flags of etcd
     * @throws IllegalStateException with their logs when they do not come up
     */
    public static EtcdCluster start(Path directory, List<EtcdPlace> places, List<String> options) {
        String all = places.stream()
                .map(place -> place.name() + "=" + place.peerUrl())
                .collect(Collectors.joining(","));
        List<EtcdMember> members = new ArrayList<>();
        for (EtcdPlace place : places) {
            Path own = directory.resolve(place.name());
            own.toFile().mkdirs();
            members.add(new EtcdMember(place, own, arguments(place, all, options)));
        }
        EtcdCluster cluster = new EtcdCluster(members);
        members.forEach(EtcdMember::start);
        if (!cluster.awaitHealthy(START_LIMIT)) {
            String logs = members.stream().map(EtcdMember::lastLines).collect(Collectors.joining("\n"));
            cluster.close();
            throw new IllegalStateException("etcd cluster: did not come up: " + logs);
        }
        return cluster;
    }

    /** Starts members on loopback ports of their own. */
    public static EtcdCluster startOnLoopback(Path directory, int members) {
        for (int attempt = 1; ; attempt++) {
            List<EtcdPlace> places = new ArrayList<>();
            for (int i = 0; i < members; i++) {
                places.add(new EtcdPlace("m" + i, List.of(), "127.0.0.1", List.of(), Ports.free(), Ports.free()));
            }
            try {
                // another directory each time: what a failed attempt left would keep its ports
                return start(directory.resolve("attempt-" + attempt), places, List.of());
            } catch (IllegalStateException e) {
                if (attempt == START_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    public List<EtcdMember> members() {
        return members;
    }

    /** Where clients reach the members, "host:port" each. */
    public List<String> endpoints() {
        return members.stream().map(EtcdMember::endpoint).toList();
    }

    /** Waits until every member answers and has a leader; false when that takes longer. */
    public boolean awaitHealthy(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        for (EtcdMember member : members) {
            while (!member.isHealthy()) {
                if (System.nanoTime() > end || !member.isAlive()) {
                    return false;
                }
                LockSupport.parkNanos(50_000_000);
            }
        }
        return true;
    }

    @Override
    public void close() {
        members.forEach(EtcdMember::kill9);
    }

    private static List<String> arguments(EtcdPlace place, String all, List<String> options) {
        List<String> arguments = new ArrayList<>(List.of(
                "--name=" + place.name(),
                "--listen-client-urls=" + place.listenUrls(),
                "--advertise-client-urls=http://" + place.client(),
                "--listen-peer-urls=" + place.peerUrl(),
                "--initial-advertise-peer-urls=" + place.peerUrl(),
                "--initial-cluster=" + all,
                "--logger=zap",
                "--log-level=warn"));
        arguments.addAll(options);
        return arguments;
    }
}
