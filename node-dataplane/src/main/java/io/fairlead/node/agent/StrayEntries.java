package io.fairlead.node.agent;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.reconcile.Reconciler;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices what the store says of this node and is not so: an address no pod here has, or another identity than the pod has.
 * A service may carry out late what was asked of it before the node gave up waiting and did something newer. Used by one
 * thread, the reconciler's.
 */
final class StrayEntries {
    /** Between two looks at all addresses of the cluster. */
    static final Duration PAUSE = Duration.ofSeconds(1);

    private static final Logger LOGGER = LoggerFactory.getLogger(StrayEntries.class);
    private static final String ENDPOINT = "kvstore";

    private final Set<Ip> self;
    private final Told told;
    private final LongSupplier clock;
    // owned by: reconciler, as is all below
    private Map<Cidr, Peer> looked = Map.of();
    private Set<Ip> wrongBefore = Set.of();
    private Optional<Long> lookedAt = Optional.empty();

    /**
     * Who does something about it; must not wait.
     *
     * @param withdraw addresses that are published and that no pod of the agent's picture has
     * @param publish addresses of pods that are published with another identity
     */
    record Told(Consumer<Set<Ip>> withdraw, Consumer<Set<Ip>> publish) {}

    /** @param clock nanoseconds that only grow */
    StrayEntries(LocalNode node, Told told, LongSupplier clock) {
        this.self = Set.copyOf(node.addresses());
        this.told = told;
        this.clock = clock;
    }

    void watch(Reconciler reconciler) {
        reconciler.onReport(report -> look(reconciler.state()));
    }

    /** A round ended; costs nothing unless the identity service said something since the last look. */
    void look(DesiredState now) {
        boolean known = now.knows(Source.IDENTITIES) && now.knows(Source.PODS);
        boolean said = now.peers() != looked || !wrongBefore.isEmpty();
        long time = clock.getAsLong();
        if (!known
                || !said
                || lookedAt.filter(at -> time - at < PAUSE.toNanos()).isPresent()) {
            return;
        }
        looked = now.peers();
        lookedAt = Optional.of(time);
        Map<Ip, Pod> pods = new HashMap<>();
        now.pods().values().forEach(pod -> {
            pod.ipv4().ifPresent(ip -> pods.put(ip, pod));
            pod.ipv6().ifPresent(ip -> pods.put(ip, pod));
        });
        Set<Ip> unknown = new HashSet<>();
        Set<Ip> wrong = new HashSet<>();
        now.peers().forEach((prefix, peer) -> {
            if (!peer.source().equals(ENDPOINT)
                    || peer.entry().host().filter(self::contains).isEmpty()) {
                return;
            }
            Pod pod = pods.get(prefix.address());
            if (pod == null) {
                unknown.add(prefix.address());
            } else if (!pod.identity().equals(peer.entry().identity())) {
                wrong.add(prefix.address());
            }
        });
        tell(unknown, wrong);
    }

    private void tell(Set<Ip> unknown, Set<Ip> wrong) {
        if (!unknown.isEmpty()) {
            LOGGER.atDebug().addKeyValue("ips", unknown).log("store has addresses of this node that no pod has");
            told.withdraw().accept(unknown);
        }
        // what a pod was given only just is on its way
        Set<Ip> still = new HashSet<>(wrong);
        still.retainAll(wrongBefore);
        if (!still.isEmpty()) {
            LOGGER.atWarn().addKeyValue("ips", still).log("store has another identity than the pod, it is told again");
            told.publish().accept(still);
        }
        wrongBefore = wrong;
    }
}
