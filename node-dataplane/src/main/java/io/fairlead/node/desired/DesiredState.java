package io.fairlead.node.desired;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Everything the agent was told, as one value: the services' streams and the node's own pods.
 *
 * <p>A source that has not said all it knows yet ({@link Source}) has no say: nothing of its kind is written or removed.
 *
 * @param routes pod CIDRs of the cluster, this node's among them
 * @param peers addresses of the cluster by prefix
 * @param identities labels by identity number
 * @param policies what policies say, by name
 * @param revision of the identity service's store that peers, identities and policies are of
 * @param pods this node's pods by device name
 * @param prepared devices of pods that are being made, index by name: programs are attached, nothing passes yet
 * @param hostAddresses addresses the node has, beside the one others reach it at and its routers'
 * @param complete the sources that have said all they know
 * @param podCidrs this node's own as they are now, none when they are still those it started with
 */
public record DesiredState(
        Map<Cidr, PeerRoute> routes,
        Map<Cidr, Peer> peers,
        Map<Integer, List<String>> identities,
        Map<PolicyName, Policy> policies,
        long revision,
        Map<String, Pod> pods,
        Map<String, Integer> prepared,
        Set<Ip> hostAddresses,
        Set<Source> complete,
        List<Cidr> podCidrs) {

    /** Who says what should be. */
    public enum Source {
        /** The route distributor. */
        ROUTES,
        /** The identity service: addresses, identities and policies. */
        IDENTITIES,
        /** The endpoints of this node, restored from its disk. */
        PODS;

        /** Its name in status, health and errors: "routes". */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Nothing said yet. */
    public static final DesiredState NOTHING = new DesiredState(
            Map.of(), Map.of(), Map.of(), Map.of(), 0, Map.of(), Map.of(), Set.of(), Set.of(), List.of());

    public boolean knows(Source source) {
        return complete.contains(source);
    }

    /** The sources that have not said all they know, in their order. */
    public List<Source> missing() {
        return Arrays.stream(Source.values()).filter(source -> !knows(source)).toList();
    }

    public DesiredState withRoutes(Map<Cidr, PeerRoute> newRoutes) {
        return new DesiredState(
                newRoutes,
                peers,
                identities,
                policies,
                revision,
                pods,
                prepared,
                hostAddresses,
                with(Source.ROUTES),
                podCidrs);
    }

    /** Whether another state says the same but for routes; the very same objects, so that asking costs nothing. */
    public boolean isEqualBesidesRoutes(DesiredState other) {
        return peers == other.peers
                && identities == other.identities
                && policies == other.policies
                && revision == other.revision
                && pods == other.pods
                && prepared == other.prepared
                && hostAddresses == other.hostAddresses
                && complete == other.complete
                && podCidrs == other.podCidrs;
    }

    /** The same with all the identity service says but policies, which stay. */
    public DesiredState withPeers(Map<Cidr, Peer> newPeers, Map<Integer, List<String>> newIdentities) {
        return withPeers(newPeers, newIdentities, policies, revision);
    }

    /** The same with all the identity service says, at a revision of its store. */
    public DesiredState withPeers(
            Map<Cidr, Peer> newPeers,
            Map<Integer, List<String>> newIdentities,
            Map<PolicyName, Policy> newPolicies,
            long newRevision) {
        return new DesiredState(
                routes,
                newPeers,
                newIdentities,
                newPolicies,
                newRevision,
                pods,
                prepared,
                hostAddresses,
                with(Source.IDENTITIES),
                podCidrs);
    }

    /** The same with what addresses the node has now. */
    public DesiredState withHostAddresses(Set<Ip> addresses) {
        return new DesiredState(
                routes,
                peers,
                identities,
                policies,
                revision,
                pods,
                prepared,
                Set.copyOf(addresses),
                complete,
                podCidrs);
    }

    /** The same with all pods of the node. */
    public DesiredState withPods(Map<String, Pod> newPods) {
        return new DesiredState(
                routes,
                peers,
                identities,
                policies,
                revision,
                Map.copyOf(newPods),
                prepared,
                hostAddresses,
                with(Source.PODS),
                podCidrs);
    }

    /** The same with a device whose pod is not known yet. */
    public DesiredState withPrepared(String device, int ifindex) {
        Map<String, Integer> more = new HashMap<>(prepared);
        more.put(device, ifindex);
        return withPods(pods, more);
    }

    /** The same with one pod more, or another in its place. */
    public DesiredState withPod(Pod pod) {
        Map<String, Pod> more = new HashMap<>(pods);
        more.put(pod.device(), pod);
        return withPods(more, without(prepared, pod.device()));
    }

    /** The same without the pod behind a device. */
    public DesiredState withoutPod(String device) {
        return withPods(without(pods, device), without(prepared, device));
    }

    private DesiredState withPods(Map<String, Pod> newPods, Map<String, Integer> newPrepared) {
        return new DesiredState(
                routes,
                peers,
                identities,
                policies,
                revision,
                Map.copyOf(newPods),
                Map.copyOf(newPrepared),
                hostAddresses,
                complete,
                podCidrs);
    }

    /** The same with the pod CIDRs this node has now. */
    public DesiredState withPodCidrs(List<Cidr> cidrs) {
        return new DesiredState(
                routes,
                peers,
                identities,
                policies,
                revision,
                pods,
                prepared,
                hostAddresses,
                complete,
                List.copyOf(cidrs));
    }

    /** The pod CIDRs a node has now: blocks are added and returned while the agent runs. */
    public List<Cidr> podCidrs(LocalNode node) {
        return podCidrs.isEmpty() ? node.podCidrs() : podCidrs;
    }

    private static <V> Map<String, V> without(Map<String, V> map, String key) {
        Map<String, V> less = new HashMap<>(map);
        less.remove(key);
        return less;
    }

    private Set<Source> with(Source source) {
        if (complete.contains(source)) {
            return complete;
        }
        Set<Source> more = new HashSet<>(complete);
        more.add(source);
        return Set.copyOf(more);
    }
}
