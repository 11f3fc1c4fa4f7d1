package io.fairlead.node.endpoint;

import io.fairlead.contract.EndpointId;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.EndpointException.Reason;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.runtime.retry.Timers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Makes and removes endpoints, each in one flat chain that is undone in reverse when a step fails. Calls block; any
 * thread may call, and operations on one attachment wait for each other.
 *
 * <p>Every step that reaches outside is on disk before it happens, so that after a crash {@link #start()} finds it.
 */
public final class EndpointManager implements AutoCloseable {
    private final EndpointStore store;
    private final EndpointParts parts;
    private final Claims claims;
    private final EndpointRefresh refresh;

    /**
     * When addresses are given back that no endpoint claimed.
     *
     * @param timers what it is measured by
     * @param after that long
     */
    public record Expiry(Timers timers, Duration after) {
        /** They are kept until the agent ends. */
        static final Expiry NEVER = new Expiry(
                new Timers() {
                    @Override
                    public long nanoTime() {
                        return 0;
                    }

                    @Override
                    public Pending after(Duration delay, Runnable action) {
                        return () -> {};
                    }
                },
                Duration.ZERO);
    }

    /**
     * @param stateDirectory where endpoints and releases are kept
     * @param mtu of new interfaces, in bytes
     * @param patience how long an operation waits for another one on the same attachment, and for another block
     * @param expiry of addresses that no endpoint claims
     */
    public record Settings(Path stateDirectory, int mtu, Duration patience, Expiry expiry) {
        public Settings(Path stateDirectory, int mtu, Duration patience) {
            this(stateDirectory, mtu, patience, Expiry.NEVER);
        }
    }

    /** The outside world of an endpoint. */
    public record Ports(
            PodDevices devices, IdentityAllocator identities, EndpointPublisher publisher, DatapathSettler settler) {}

    /** What {@link #start()} found: endpoints kept, removed, left to remove, and files put aside. */
    public record Restored(int kept, int removed, int stuck, int quarantined) {}

    public EndpointManager(Settings settings, AddressPool pool, Ports ports, RandomGenerator random) {
        this(settings, pool, ports, random, ReleaseQueue.Backoff.DEFAULT);
    }

    EndpointManager(
            Settings settings, AddressPool pool, Ports ports, RandomGenerator random, ReleaseQueue.Backoff backoff) {
        store = new EndpointStore(settings.stateDirectory());
        EndpointTable table = new EndpointTable(store, random, new EndpointLog(Clock.systemUTC()));
        Registrations registrations = new Registrations(ports.identities(), ports.publisher(), table);
        ReleaseQueue releases = new ReleaseQueue(settings.stateDirectory(), registrations::deliver, backoff, random);
        claims = new Claims(settings.patience());
        parts = new EndpointParts(settings, pool, ports, table, registrations, releases);
        refresh = new EndpointRefresh(parts, claims);
    }

    /** Keeps an id for somebody who is no pod. Call before {@link #start}. */
    public void reserve(EndpointId id) {
        parts.table().reserve(id);
    }

    /**
     * Takes in what an earlier run left: endpoints whose device is there stay, half-made and half-removed ones go. Call
     * once, before any other operation and before the first write to the kernel. Needs no control plane.
     */
    public Restored start() {
        EndpointStore.Loaded loaded = store.load();
        // Survivors first: nothing that is removed below may take an address or identity of theirs along.
        List<Endpoint> leftovers = new ArrayList<>();
        int kept = 0;
        for (Endpoint endpoint : loaded.endpoints()) {
            if (keep(endpoint)) {
                kept++;
            } else {
                leftovers.add(endpoint);
            }
        }
        int stuck = 0;
        for (Endpoint leftover : leftovers) {
            parts.table().remember(leftover.in(EndpointState.DISCONNECTING));
            // Taken while it lasts, unless a survivor has them.
            parts.table().takeId(leftover.id(), leftover.attachment());
            leftover.ips().forEach(ip -> parts.pool().restore(ip, EndpointParts.owner(leftover.request())));
            stuck += tryDismantle(leftover) ? 0 : 1;
        }
        parts.releases().start();
        return new Restored(kept, leftovers.size() - stuck, stuck, loaded.quarantined());
    }

    /**
     * Makes an endpoint. Asked again for the same container it returns the endpoint that is there.
     *
     * @throws EndpointException when it cannot be made; nothing of it is left then, or the next delete removes it
     * @throws KernelException when the kernel refuses, likewise
     */
    public Endpoint add(EndpointRequest request) {
        return claims.holding(request.attachment(), () -> {
            Optional<Endpoint> before = find(request.attachment());
            if (before.isPresent() && isWhole(before.get())) {
                return same(before.get(), request);
            }
            before.ifPresent(parts::dismantle);
            return new EndpointCreation(parts, request).run();
        });
    }

    /** Removes an endpoint; one that is gone is no failure. Waits for no control plane. */
    public void delete(Attachment attachment) {
        claims.holding(attachment, () -> {
            Optional<Endpoint> endpoint = find(attachment);
            endpoint.ifPresent(parts::dismantle);
            return endpoint;
        });
    }

    /**
     * What is missing of an endpoint, one sentence each.
     *
     * @throws EndpointException when there is no such endpoint
     */
    public List<String> check(Attachment attachment) {
        return claims.holding(attachment, () -> {
            Endpoint endpoint = find(attachment)
                    .filter(e -> e.device().isPresent())
                    .orElseThrow(() -> new EndpointException(Reason.UNKNOWN, "no endpoint of container " + attachment));
            return parts.ports().devices().check(parts.spec(endpoint));
        });
    }

    /** Removes the endpoints of a network that are not in the set. Returns what failed, one sentence each. */
    public List<String> retain(String network, Set<Attachment> valid) {
        List<String> failures = new ArrayList<>();
        for (Endpoint endpoint : endpoints()) {
            if (endpoint.request().network().equals(network) && !valid.contains(endpoint.attachment())) {
                try {
                    delete(endpoint.attachment());
                } catch (RuntimeException e) {
                    failures.add(endpoint.attachment() + ": " + e.getMessage());
                }
            }
        }
        return failures;
    }

    /** All endpoints, by id. */
    public List<Endpoint> endpoints() {
        return parts.table().all();
    }

    public Optional<Endpoint> find(Attachment attachment) {
        return parts.table().find(attachment);
    }

    /** What became of endpoints, each by its id. */
    public EndpointLog log() {
        return parts.table().log();
    }

    /** Why no endpoint can be made now, if so. */
    public Optional<String> unavailable() {
        return parts.pool().exhausted();
    }

    /**
     * Brings everything on: publishes all endpoints again (the control plane may have lost them while the agent was
     * away) and finishes removals that failed. Call when the control plane is reached, and now and then.
     *
     * @return how many endpoints must be tried again
     */
    public int refresh() {
        return refresh.all();
    }

    /**
     * Tells the control plane again of endpoints it has lost: each gets its identity anew and is published.
     *
     * @return how many must be tried again
     */
    public int republish(Predicate<Endpoint> lost) {
        return refresh.lost(lost);
    }

    /**
     * Takes back addresses that the control plane says are here, unless an endpoint has them, or has again by the time that
     * is said.
     */
    public void withdrawUnheld(Collection<Ip> ips) {
        ips.stream()
                .filter(ip -> parts.table()
                        .living()
                        .noneMatch(endpoint -> endpoint.ips().contains(ip)))
                .forEach(ip -> parts.releases().add(new Release.OfAddress(ip)));
    }

    /** Stops the delivery of releases. Endpoints stay. */
    @Override
    public void close() {
        parts.releases().close();
    }

    private static Endpoint same(Endpoint there, EndpointRequest request) {
        if (!there.request().netns().equals(request.netns())) {
            throw new EndpointException(
                    Reason.EXISTS,
                    "container " + request.attachment() + " already has an endpoint in "
                            + there.request().netns() + " (expected: DEL before another ADD)");
        }
        return there;
    }

    private boolean isWhole(Endpoint endpoint) {
        boolean settled = endpoint.state() == EndpointState.READY || endpoint.state() == EndpointState.RESTORING;
        return settled && hasDevice(endpoint);
    }

    private boolean hasDevice(Endpoint endpoint) {
        Optional<PodDevices.Pair> there = parts.ports().devices().find(endpoint.hostInterface());
        return there.isPresent()
                && endpoint.device()
                        .filter(device -> device.ifindex() == there.get().ifindex())
                        .isPresent();
    }

    private boolean keep(Endpoint endpoint) {
        if (!isWhole(endpoint) || !parts.table().takeId(endpoint.id(), endpoint.attachment())) {
            return false;
        }
        String owner = EndpointParts.owner(endpoint.request());
        if (!endpoint.ips().stream().allMatch(ip -> parts.pool().restore(ip, owner))) {
            parts.releaseAddresses(endpoint);
            return false;
        }
        parts.ports().settler().adopt(parts.table().remember(endpoint.in(EndpointState.RESTORING)));
        return true;
    }

    private boolean tryDismantle(Endpoint endpoint) {
        try {
            parts.dismantle(endpoint);
            return true;
        } catch (RuntimeException e) {
            EndpointRefresh.warn(parts, endpoint, e, "leftover endpoint was not removed; trying again later");
            return false;
        }
    }
}
