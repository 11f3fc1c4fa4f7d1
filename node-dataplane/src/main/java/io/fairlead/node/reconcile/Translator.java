package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.policy.PolicySwitch;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says what the kernel's tables should hold for a desired state.
 *
 * <p>Parts whose input is the same object as last time are taken over, so that a change costs what it touches.
 */
public final class Translator {
    private static final PolicyRef BLOCKED = new PolicyRef(0, true, true, false);
    private static final Mac NO_MAC = new Mac(0);

    private final LocalNode node;
    private volatile Datapath datapath; // owned by: reconciler; others may read
    private final Routing routing;
    private final PolicySwitch policies;
    private final NextHopIds ids;
    private Map<Integer, PolicyRef> lastRefs = Map.of(); // owned by: reconciler
    private final WantedIpcache ipcache = new WantedIpcache(); // owned by: reconciler
    private WantedRoutes routes; // owned by: reconciler
    private boolean failed; // owned by: reconciler; routes are as a round left them that failed
    private boolean outdated = true; // owned by: reconciler
    private @Nullable DesiredState lastState; // owned by: reconciler
    private @Nullable Tables lastTables; // owned by: reconciler

    /**
     * What of the datapath tables point at.
     *
     * @param hostIfindex index of fl_host
     * @param hostDevice name of fl_host
     * @param nativeDevices devices towards other nodes, index by name
     * @param fromContainer program id, as are the next three
     * @param toNetdev program id, or 0 when native devices have none on their way out
     */
    public record Datapath(
            int hostIfindex,
            String hostDevice,
            Map<String, Integer> nativeDevices,
            int fromContainer,
            int toContainer,
            int fromHost,
            int fromNetdev,
            int toNetdev) {

        Datapath with(Map<String, Integer> devices) {
            return new Datapath(
                    hostIfindex, hostDevice, devices, fromContainer, toContainer, fromHost, fromNetdev, toNetdev);
        }
    }

    /**
     * Which pod CIDRs get a route.
     *
     * @param directRoutes whether routes to other nodes are the agent's business ({@code auto-direct-node-routes})
     * @param nativeCidrs where pod CIDRs may lie ({@code ipv4-native-routing-cidr}); none for anywhere
     * @param skipUnreachable whether nodes behind a router are left to it ({@code direct-routing-skip-unreachable})
     */
    public record Routing(boolean directRoutes, List<Cidr> nativeCidrs, boolean skipUnreachable) {
        public Routing {
            nativeCidrs = List.copyOf(nativeCidrs);
        }

        /** With every node on the same network. */
        public Routing(boolean directRoutes, List<Cidr> nativeCidrs) {
            this(directRoutes, nativeCidrs, false);
        }
    }

    /**
     * What should be, and what cannot.
     *
     * @param tables the tables
     * @param refused pod CIDRs that get no route, with the reason
     * @param skipped pod CIDRs that are left to a router, with the reason
     */
    public record Translation(Tables tables, Map<Cidr, String> refused, Map<Cidr, String> skipped) {}

    /**
     * @param node this node
     * @param datapath what tables point at
     * @param routing which pod CIDRs get a route
     * @param policies who is judged by what
     * @param firstNextHopId lowest id of the agent's own range of nexthop objects
     * @param lastNextHopId highest id of that range
     */
    public Translator(
            LocalNode node,
            Datapath datapath,
            Routing routing,
            PolicySwitch policies,
            int firstNextHopId,
            int lastNextHopId) {
        this.node = node;
        this.datapath = datapath;
        this.routing = routing;
        this.policies = policies;
        this.ids = new NextHopIds(firstNextHopId, lastNextHopId);
        this.routes = new WantedRoutes(node, routing, ids);
    }

    PolicySwitch policies() {
        return policies;
    }

    /**
     * The tables for a state, once {@link #policies} is settled.
     *
     * @param observed nexthop objects that are there: a gateway keeps the id it has
     */
    public Translation translate(DesiredState state, Map<Integer, NextHop> observed, Reachability reachability) {
        Tables last = lastTables;
        DesiredState before = lastState;
        lastTables = null;
        boolean sameHost = before != null && before.hostAddresses() == state.hostAddresses();
        boolean samePods = last != null && sameHost && before.pods() == state.pods();
        boolean sameDevices = samePods && before.prepared() == state.prepared();
        Map<Integer, PolicyRef> refs = refs(state);
        boolean samePolicies = samePods && refs.equals(lastRefs);
        lastRefs = refs;
        Tables besidesRoutes = new Tables(
                policies.entries(),
                ipcache.update(state.peers(), policies.prefixes(), hostAddresses(state)),
                samePolicies ? last.endpoints() : endpoints(state),
                samePolicies ? last.interfaces() : interfaces(state),
                sameDevices ? last.links() : links(state),
                Map.of(),
                Map.of());
        return withRoutes(besidesRoutes, state, observed, reachability);
    }

    /** Whether a state differs from the one translated last in its routes at most. */
    boolean isAboutRoutes(DesiredState state) {
        DesiredState before = lastState;
        return lastTables != null && before != null && state.isEqualBesidesRoutes(before);
    }

    /** The same as {@link #translate} when a change {@link #isAboutRoutes}: costs what changed alone. */
    Translation translateRoutes(DesiredState state, Map<Integer, NextHop> observed, Reachability reachability) {
        Tables last = Objects.requireNonNull(lastTables);
        lastTables = null;
        return withRoutes(last, state, observed, reachability);
    }

    private Translation withRoutes(
            Tables others, DesiredState state, Map<Integer, NextHop> observed, Reachability reachability) {
        if (failed) {
            routes = new WantedRoutes(node, routing, ids.anew());
        }
        failed = true;
        WantedRoutes.Result wanted = routes.update(
                state.routes(), state.podCidrs(node), datapath.hostIfindex(), observed, reachability, outdated);
        failed = false;
        outdated = false;
        Tables tables = others.with(TableId.NEXT_HOPS, wanted.hops()).with(TableId.ROUTES, wanted.routes());
        lastTables = tables;
        lastState = state;
        return new Translation(tables, wanted.refused(), wanted.skipped());
    }

    /** Other nodes may be reached in another way than before: all routes are looked at in the next round. */
    void forgetWays() {
        outdated = true;
    }

    /** The devices towards other nodes, which come and go. Called by the reconciler. */
    void use(Map<String, Integer> nativeDevices) {
        if (!datapath.nativeDevices().equals(nativeDevices)) {
            datapath = datapath.with(nativeDevices);
            lastTables = null;
        }
    }

    /** The devices towards other nodes as last seen, index by name. Any thread. */
    Map<String, Integer> nativeDevices() {
        return datapath.nativeDevices();
    }

    private Set<Ip> hostAddresses(DesiredState state) {
        Set<Ip> addresses = new HashSet<>(state.hostAddresses());
        addresses.addAll(node.routers());
        addresses.addAll(node.addresses());
        return addresses;
    }

    /** What judges each pod, by its device. */
    private Map<Integer, PolicyRef> refs(DesiredState state) {
        Map<Integer, PolicyRef> refs = new HashMap<>();
        state.pods().values().forEach(pod -> refs.put(pod.ifindex(), policies.of(pod)));
        return refs;
    }

    private PolicyRef refOf(Pod pod) {
        return lastRefs.getOrDefault(pod.ifindex(), BLOCKED);
    }

    private Map<Ip, LocalEndpoint> endpoints(DesiredState state) {
        Map<Ip, LocalEndpoint> entries = new HashMap<>();
        for (Pod pod : state.pods().values()) {
            LocalEndpoint entry = new LocalEndpoint(
                    pod.ifindex(), pod.id(), false, pod.identity(), refOf(pod), pod.mac(), pod.nodeMac());
            pod.ipv4().ifPresent(ip -> entries.put(ip, entry));
            pod.ipv6().ifPresent(ip -> entries.put(ip, entry));
        }
        for (Ip own : hostAddresses(state)) {
            entries.put(own, new LocalEndpoint(0, 0, true, IdentityId.HOST, PolicyRef.NONE, NO_MAC, NO_MAC));
        }
        return entries;
    }

    private Map<Integer, PodInterface> interfaces(DesiredState state) {
        Map<Integer, PodInterface> entries = new HashMap<>();
        for (Pod pod : state.pods().values()) {
            entries.put(
                    pod.ifindex(),
                    new PodInterface(
                            pod.id(), pod.identity(), pod.ipv4(), pod.ipv6(), refOf(pod), pod.mac(), pod.nodeMac()));
        }
        return entries;
    }

    private Map<Hook, Attachment> links(DesiredState state) {
        Map<Hook, Attachment> entries = new HashMap<>();
        entries.put(
                new Hook(datapath.hostDevice(), Hook.Direction.EGRESS),
                new Attachment(datapath.hostIfindex(), datapath.fromHost()));
        datapath.nativeDevices().forEach((name, ifindex) -> {
            entries.put(new Hook(name, Hook.Direction.INGRESS), new Attachment(ifindex, datapath.fromNetdev()));
            if (datapath.toNetdev() != 0) {
                entries.put(new Hook(name, Hook.Direction.EGRESS), new Attachment(ifindex, datapath.toNetdev()));
            }
        });
        state.prepared()
                .forEach((device, ifindex) -> entries.put(
                        new Hook(device, Hook.Direction.INGRESS), new Attachment(ifindex, datapath.fromContainer())));
        for (Pod pod : state.pods().values()) {
            entries.put(
                    new Hook(pod.device(), Hook.Direction.INGRESS),
                    new Attachment(pod.ifindex(), datapath.fromContainer()));
            if (pod.guarded()) {
                entries.put(
                        new Hook(pod.device(), Hook.Direction.EGRESS),
                        new Attachment(pod.ifindex(), datapath.toContainer()));
            }
        }
        return entries;
    }
}
