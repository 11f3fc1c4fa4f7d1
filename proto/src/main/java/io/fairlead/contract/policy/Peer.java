package io.fairlead.contract.policy;

import io.fairlead.contract.Cidr;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Who may be at the other end. */
public sealed interface Peer {
    /** Endpoints by their labels. */
    record Labelled(Selector selector) implements Peer {}

    /**
     * Addresses outside the cluster.
     *
     * @param cidr those of a prefix
     * @param except but not those of these, which lie in it
     */
    record Prefix(Cidr cidr, List<Cidr> except) implements Peer {
        public Prefix {
            except = List.copyOf(except);
        }
    }

    /** Everybody of a kind. */
    record Named(Entity entity) implements Peer {}

    /** Nobody: a list of peers that was given and is empty. */
    record Nobody() implements Peer {}

    /** Kinds of peers, with Cilium's names. */
    enum Entity {
        HOST,
        REMOTE_NODE,
        WORLD,
        CLUSTER,
        ALL,
        INIT,
        UNMANAGED,
        HEALTH;

        /** As documents write it: "remote-node". */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** The entity of a text. */
        public static Optional<Entity> find(String text) {
            for (Entity entity : values()) {
                if (entity.text().equals(text)) {
                    return Optional.of(entity);
                }
            }
            return Optional.empty();
        }
    }
}
