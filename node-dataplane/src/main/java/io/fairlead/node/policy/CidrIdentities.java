package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Identities only this node knows: one for each prefix that policies name.
 *
 * <p>A number keeps its meaning until the prefix is given up and the kernel has forgotten it; then it is used again only
 * when all others were.
 */
final class CidrIdentities {
    /** One number more than there are; the lowest is not used. */
    private static final int COUNT = IdentityId.SCOPE_LOCAL;

    private final Map<Cidr, Integer> ids = new HashMap<>(); // owned by: reconciler
    private final Set<Integer> taken = new HashSet<>(); // owned by: reconciler
    private int last; // owned by: reconciler

    /** Takes over what an earlier agent gave out, as the kernel has it. */
    void adopt(Map<Cidr, Integer> earlier) {
        earlier.forEach((prefix, id) -> {
            if (isLocal(id) && !ids.containsKey(prefix) && taken.add(id)) {
                ids.put(prefix, id);
                last = Math.max(last, id - IdentityId.SCOPE_LOCAL);
            }
        });
    }

    /** The number of a prefix. */
    int of(Cidr prefix) {
        Integer known = ids.get(prefix);
        if (known != null) {
            return known;
        }
        int id;
        do {
            last = last + 1 == COUNT ? 1 : last + 1;
            id = IdentityId.SCOPE_LOCAL + last;
        } while (!taken.add(id));
        ids.put(prefix, id);
        return id;
    }

    /** Gives a prefix's number up. */
    void release(Cidr prefix) {
        Integer id = ids.remove(prefix);
        if (id != null) {
            taken.remove(id);
        }
    }

    /** Every prefix that has a number. */
    Set<Cidr> prefixes() {
        return Set.copyOf(ids.keySet());
    }

    static boolean isLocal(int identity) {
        return identity >>> 24 == 1 && identity != IdentityId.SCOPE_LOCAL;
    }
}
