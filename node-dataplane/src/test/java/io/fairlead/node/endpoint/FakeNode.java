package io.fairlead.node.endpoint;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.KernelException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A kernel and a control plane in memory, which outlive the agents that use them. Every call is in the log; a test may
 * make calls fail, or stop the agent dead in one.
 */
public final class FakeNode implements PodDevices, IdentityAllocator, EndpointPublisher, DatapathSettler {
    private final Map<String, Spec> specs = new TreeMap<>();
    private final Map<String, Pair> pairs = new TreeMap<>();
    private final Map<Labels, IdentityId> identities = new java.util.HashMap<>();
    private final Set<IdentityId> held = new HashSet<>();
    private int firstIdentity = IdentityId.MIN_ALLOCATED;
    private final Map<Ip, IdentityId> published = new TreeMap<>();
    private final Set<String> settled = new HashSet<>();
    private final List<String> log = new ArrayList<>();
    private int nextIfindex = 10;
    private volatile Consumer<String> before = call -> {};
    private volatile Consumer<String> after = call -> {};

    /** The agent is gone in the middle of a call: nothing of it runs on, so it is no exception to be handled. */
    public static final class Crash extends Error {
        private static final long serialVersionUID = 1L;
    }

    public void before(Consumer<String> hook) {
        before = hook;
    }

    public void after(Consumer<String> hook) {
        after = hook;
    }

    public static Consumer<String> nothing() {
        return call -> {};
    }

    /** Makes every call of these names fail. */
    public static Consumer<String> failing(String... names) {
        Set<String> failing = Set.of(names);
        return call -> {
            if (failing.contains(call)) {
                throw new IllegalStateException(call + " fails");
            }
        };
    }

    public EndpointManager.Ports ports() {
        return new EndpointManager.Ports(this, this, this, this);
    }

    public synchronized List<String> log() {
        return List.copyOf(log);
    }

    public synchronized void clearLog() {
        log.clear();
    }

    public synchronized Set<String> devices() {
        return Set.copyOf(pairs.keySet());
    }

    /** The store is empty, and gives other numbers. */
    synchronized void loseStore() {
        firstIdentity += identities.size();
        identities.clear();
        held.clear();
        published.clear();
    }

    public synchronized Set<Ip> published() {
        return Set.copyOf(published.keySet());
    }

    public synchronized Set<IdentityId> held() {
        return Set.copyOf(held);
    }

    public synchronized Set<String> settled() {
        return Set.copyOf(settled);
    }

    /** The pod's namespace is gone, and its interface with it. */
    public synchronized void loseDevice(String hostInterface) {
        pairs.remove(hostInterface);
        specs.remove(hostInterface);
    }

    /** True when nothing of any pod is left anywhere. */
    public synchronized boolean empty() {
        return pairs.isEmpty() && published.isEmpty() && held.isEmpty() && settled.isEmpty();
    }

    @Override
    public synchronized String toString() {
        return "devices " + pairs.keySet() + " published " + published + " held " + held + " settled " + settled;
    }

    private interface Action<T> {
        T run();
    }

    private <T> T call(String name, Action<T> action) {
        before.accept(name);
        T result;
        synchronized (this) {
            log.add(name);
            result = action.run();
        }
        after.accept(name);
        return result;
    }

    @Override
    public Pair create(Spec spec) {
        return call("create", () -> {
            boolean taken = specs.values().stream()
                    .anyMatch(s ->
                            s.netns().equals(spec.netns()) && s.podInterface().equals(spec.podInterface()));
            if (taken || pairs.containsKey(spec.hostInterface())) {
                throw new KernelException(
                        "link add " + spec.podInterface(), 17, "EEXIST (File exists)", FailureKind.GIVE_UP);
            }
            int ifindex = nextIfindex++;
            Pair pair = new Pair(ifindex, new Mac(0x020000000000L + ifindex), new Mac(0x060000000000L + ifindex));
            pairs.put(spec.hostInterface(), pair);
            specs.put(spec.hostInterface(), spec);
            return pair;
        });
    }

    @Override
    public synchronized Optional<Pair> find(String hostInterface) {
        return Optional.ofNullable(pairs.get(hostInterface));
    }

    @Override
    public void delete(String hostInterface) {
        call("delete", () -> {
            loseDevice(hostInterface);
            return hostInterface;
        });
    }

    @Override
    public synchronized List<String> check(Spec spec) {
        return spec.equals(specs.get(spec.hostInterface()))
                ? List.of()
                : List.of("interface " + spec.podInterface() + ": missing");
    }

    @Override
    public IdentityId identityFor(Labels labels) {
        return call("identity", () -> {
            IdentityId id =
                    identities.computeIfAbsent(labels, l -> IdentityId.allocated(0, firstIdentity + identities.size()));
            held.add(id);
            return id;
        });
    }

    @Override
    public void release(IdentityId identity) {
        call("release", () -> held.remove(identity));
    }

    @Override
    public void publish(Endpoint endpoint) {
        call("publish", () -> {
            if (!held.contains(endpoint.identity().orElseThrow())) {
                throw new EndpointException(EndpointException.Reason.LOST, "identity: unknown");
            }
            endpoint.ips().forEach(ip -> published.put(ip, endpoint.identity().orElseThrow()));
            return endpoint;
        });
    }

    /** As a service that carries out late what it was asked. */
    synchronized void publishedLate(Ip ip, IdentityId identity) {
        published.put(ip, identity);
    }

    synchronized Set<Ip> addresses() {
        return Set.copyOf(published.keySet());
    }

    @Override
    public void withdraw(Ip ip) {
        call("withdraw", () -> {
            published.remove(ip);
            return ip;
        });
    }

    @Override
    public void prepare(Endpoint endpoint) {
        call("prepare", () -> endpoint.device().orElseThrow());
    }

    @Override
    public void settle(Endpoint endpoint) {
        call("settle", () -> {
            if (!pairs.containsKey(endpoint.hostInterface())) {
                throw new IllegalStateException("no device " + endpoint.hostInterface());
            }
            return settled.add(endpoint.hostInterface());
        });
    }

    @Override
    public void adopt(Endpoint endpoint) {
        call("adopt", () -> settled.add(endpoint.hostInterface()));
    }

    @Override
    public void unsettle(Endpoint endpoint) {
        call("unsettle", () -> settled.remove(endpoint.hostInterface()));
    }
}
