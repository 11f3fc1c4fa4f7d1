package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.IdentityId.Reserved;
import io.fairlead.contract.Label;
import io.fairlead.contract.policy.Peer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Somebody rules can be about.
 *
 * @param id number
 * @param labels what selectors look at
 * @param prefix whose addresses it stands for, when it is only this node's
 */
record Identity(int id, List<Label> labels, Optional<Cidr> prefix) {
    private static final Logger LOGGER = LoggerFactory.getLogger(Identity.class);
    private static final String RESERVED = "reserved";

    /** The ones that are the same in every cluster, by number. */
    static final Map<Integer, Identity> RESERVED_ONES = reservedOnes();

    /** The identity of a prefix: part of the world. */
    static Identity of(Cidr prefix, int id) {
        return new Identity(
                id, List.of(new Label("cidr", prefix.toString(), ""), reserved(Reserved.WORLD)), Optional.of(prefix));
    }

    /** An identity as the service says it; texts that are no labels do not count. */
    static Identity of(int id, List<String> texts) {
        List<Label> labels = new ArrayList<>();
        for (String text : texts) {
            try {
                labels.add(Label.parse(text));
            } catch (IllegalArgumentException e) {
                // the service that gives them out refuses such labels: nothing could select them
                LOGGER.atDebug()
                        .addKeyValue("identity", id)
                        .addKeyValue("error", e.getMessage())
                        .log("label left out");
            }
        }
        Identity own = RESERVED_ONES.get(id);
        if (own != null && !labels.containsAll(own.labels())) {
            labels.addAll(own.labels());
        }
        return new Identity(id, List.copyOf(labels), Optional.empty());
    }

    /** Whether a peer of a rule is it. */
    boolean is(Peer peer) {
        if (peer instanceof Peer.Labelled labelled) {
            return labelled.selector().selects(labels);
        } else if (peer instanceof Peer.Named named) {
            return is(named.entity());
        } else if (peer instanceof Peer.Prefix range) {
            return lies(range);
        }
        return false;
    }

    private boolean is(Peer.Entity entity) {
        return switch (entity) {
            case ALL -> true;
            case HOST -> has(Reserved.HOST);
            case REMOTE_NODE -> has(Reserved.REMOTE_NODE);
            case INIT -> has(Reserved.INIT);
            case UNMANAGED -> has(Reserved.UNMANAGED);
            case HEALTH -> has(Reserved.HEALTH);
            case WORLD -> has(Reserved.WORLD) || has(Reserved.WORLD_IPV4) || has(Reserved.WORLD_IPV6);
            case CLUSTER ->
                isAllocated()
                        || has(Reserved.HOST)
                        || has(Reserved.REMOTE_NODE)
                        || has(Reserved.INIT)
                        || has(Reserved.UNMANAGED)
                        || has(Reserved.HEALTH)
                        || has(Reserved.INGRESS);
        };
    }

    /** Every prefix that rules name has an identity of its own, so that none lies in a range only in part. */
    private boolean lies(Peer.Prefix range) {
        if (prefix.isPresent()) {
            Cidr own = prefix.get();
            return range.cidr().contains(own) && range.except().stream().noneMatch(except -> except.contains(own));
        }
        return range.cidr().prefixLength() == 0
                && isWorld(range.cidr().address().isV4());
    }

    private boolean isWorld(boolean v4) {
        return id == Reserved.WORLD.id().value()
                || id == (v4 ? Reserved.WORLD_IPV4 : Reserved.WORLD_IPV6).id().value();
    }

    /** Given to a label set, in this cluster or another. */
    private boolean isAllocated() {
        return id >>> 24 == 0 && (id & 0xffff) >= IdentityId.MIN_ALLOCATED;
    }

    private boolean has(Reserved reserved) {
        return labels.contains(reserved(reserved));
    }

    private static Label reserved(Reserved reserved) {
        return new Label(RESERVED, reserved.label(), "");
    }

    private static Map<Integer, Identity> reservedOnes() {
        Map<Integer, Identity> identities = new HashMap<>();
        for (Reserved reserved : Reserved.values()) {
            if (reserved != Reserved.UNKNOWN) {
                int id = reserved.id().value();
                identities.put(id, new Identity(id, List.of(reserved(reserved)), Optional.empty()));
            }
        }
        return Map.copyOf(identities);
    }
}
