package io.fairlead.identity.upkeep;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.NodeName;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.identity.allocation.NumberText;
import io.fairlead.kvstore.KeyValue;
import java.util.Optional;

/**
 * A key that says that a node uses a label set.
 *
 * @param key its key
 * @param labels the label set, encoded; as the key has it
 * @param node whose it is; empty when the end of the key is no node's name
 * @param id the number; empty when the value is none
 * @param modRevision when it was last written
 * @param leased true for Cilium's, which go with its agent
 */
record Reference(
        String key, String labels, Optional<NodeName> node, Optional<IdentityId> id, long modRevision, boolean leased) {
    /** Reads an entry; what cannot be read is empty. */
    static Reference of(IdentityKeys keys, KeyValue entry) {
        String rest = entry.key().substring(keys.references().length());
        int slash = rest.lastIndexOf('/');
        return new Reference(
                entry.key(),
                rest.substring(0, Math.max(0, slash)),
                slash < 0 ? Optional.empty() : name(rest.substring(slash + 1)),
                number(entry.value()),
                entry.modRevision(),
                entry.lease() != 0);
    }

    private static Optional<NodeName> name(String text) {
        try {
            return Optional.of(new NodeName(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<IdentityId> number(String text) {
        try {
            return Optional.of(NumberText.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
