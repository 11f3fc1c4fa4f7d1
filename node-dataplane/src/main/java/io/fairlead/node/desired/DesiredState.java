package io.fairlead.node.desired;

import io.fairlead.contract.Cidr;
import java.util.HashMap;
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
 * @param pods this node's pods by device name
 * @param complete the sources that have said all they know
 */
public record DesiredState(
        Map<Cidr, PeerRoute> routes,
        Map<Cidr, Peer> peers,
        Map<Integer, java.util.List<String>> identities,
        Map<String, Pod> pods,
        Set<Source> complete) {

    /** Who says what should be. */
    public enum Source {
        /** The route distributor. */
        ROUTES,
        /** The identity service. */
        IDENTITIES,
        /** The endpoints of this node, restored from its disk. */
        PODS
    }

    /** Nothing said yet. */
    public static final DesiredState NOTHING = new DesiredState(Map.of(), Map.of(), Map.of(), Map.of(), Set.of());

    public boolean knows(Source source) {
        return complete.contains(source);
    }

    public DesiredState withRoutes(Map<Cidr, PeerRoute> newRoutes) {
        return new DesiredState(newRoutes, peers, identities, pods, with(Source.ROUTES));
    }

    public DesiredState withPeers(Map<Cidr, Peer> newPeers, Map<Integer, java.util.List<String>> newIdentities) {
        return new DesiredState(routes, newPeers, newIdentities, pods, with(Source.IDENTITIES));
    }

    /** The same with all pods of the node. */
    public DesiredState withPods(Map<String, Pod> newPods) {
        return new DesiredState(routes, peers, identities, Map.copyOf(newPods), with(Source.PODS));
    }

    /** The same with one pod more, or another in its place. */
    public DesiredState withPod(Pod pod) {
        Map<String, Pod> newPods = new HashMap<>(pods);
        newPods.put(pod.device(), pod);
        return new DesiredState(routes, peers, identities, Map.copyOf(newPods), complete);
    }

    /** The same without the pod behind a device. */
    public DesiredState withoutPod(String device) {
        Map<String, Pod> newPods = new HashMap<>(pods);
        newPods.remove(device);
        return new DesiredState(routes, peers, identities, Map.copyOf(newPods), complete);
    }

    private Set<Source> with(Source source) {
        if (complete.contains(source)) {
            return complete;
        }
        Set<Source> more = new java.util.HashSet<>(complete);
        more.add(source);
        return Set.copyOf(more);
    }
}
