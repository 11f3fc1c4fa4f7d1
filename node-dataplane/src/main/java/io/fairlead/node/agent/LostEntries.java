package io.fairlead.node.agent;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.reconcile.Reconciler;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices when the store loses what it had of a pod that is here: its address, the identity behind it, or the identity's
 * labels. What was never there is on its way; a refresh says it again anyhow. Used by one thread, the reconciler's.
 */
final class LostEntries {
    private static final Logger LOGGER = LoggerFactory.getLogger(LostEntries.class);

    private final Consumer<Predicate<Endpoint>> tellAgain;
    private DesiredState before = DesiredState.NOTHING; // owned by: reconciler

    /** @param tellAgain called with which endpoints the control plane is to hear of again; must not wait */
    LostEntries(Consumer<Predicate<Endpoint>> tellAgain) {
        this.tellAgain = tellAgain;
    }

    void watch(Reconciler reconciler) {
        reconciler.onReport(report -> look(reconciler.state()));
    }

    /** A round ended; costs nothing unless the identity service said something since the last one. */
    void look(DesiredState now) {
        DesiredState then = before;
        before = now;
        boolean said = then.peers() != now.peers() || then.identities() != now.identities();
        if (!said || !then.knows(Source.IDENTITIES)) {
            return;
        }
        Set<Ip> lost = new HashSet<>();
        Map<Integer, List<String>> identities = now.identities();
        for (Pod pod : now.pods().values()) {
            int identity = pod.identity().value();
            boolean unknown = then.identities().containsKey(identity) && !identities.containsKey(identity);
            Stream.concat(pod.ipv4().stream(), pod.ipv6().stream())
                    .filter(ip -> unknown || isLost(ip, pod, then.peers(), now.peers()))
                    .forEach(lost::add);
        }
        if (!lost.isEmpty()) {
            lost.forEach(ip -> LOGGER.atWarn()
                    .addKeyValue("ip", ip)
                    .log("Received kvstore delete notification for alive ipcache entry"));
            tellAgain.accept(endpoint -> endpoint.ips().stream().anyMatch(lost::contains));
        }
    }

    private static boolean isLost(Ip ip, Pod pod, Map<Cidr, Peer> then, Map<Cidr, Peer> now) {
        Peer had = then.get(ip.toCidr());
        return had != null && had.entry().identity().equals(pod.identity()) && !now.containsKey(ip.toCidr());
    }
}
