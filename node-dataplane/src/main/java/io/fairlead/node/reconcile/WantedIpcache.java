package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.desired.PersistentMap;
import io.fairlead.node.kernel.IpcacheEntry;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who has which prefix, from round to round: the node itself, then what the identity service says, then prefixes that
 * policies name, then the world.
 *
 * <p>A round looks at the prefixes about which something else is said. Owned by the reconciler's thread.
 */
final class WantedIpcache {
    private static final IpcacheEntry WORLD = new IpcacheEntry(IdentityId.WORLD, Optional.empty());
    private static final IpcacheEntry HOST = new IpcacheEntry(IdentityId.HOST, Optional.empty());
    private static final List<Cidr> ALL = List.of(Cidr.parse("0.0.0.0/0"), Cidr.parse("::/0"));

    private final PersistentMap.Builder<Cidr, IpcacheEntry> entries = new PersistentMap.Builder<>();
    private Map<Cidr, Peer> peers = Map.of();
    private Map<Cidr, Integer> named = Map.of();
    private Set<Ip> own = Set.of();

    /**
     * Takes in what is said now.
     *
     * @param newNamed identities only this node knows, by prefix
     * @param newOwn this node's addresses
     */
    Map<Cidr, IpcacheEntry> update(Map<Cidr, Peer> newPeers, Map<Cidr, Integer> newNamed, Set<Ip> newOwn) {
        Set<Cidr> touched = new HashSet<>(ALL);
        PersistentMap.differences(peers, newPeers, (prefix, before, after) -> touched.add(prefix));
        PersistentMap.differences(named, newNamed, (prefix, before, after) -> touched.add(prefix));
        if (!own.equals(newOwn)) {
            own.forEach(address -> touched.add(address.toCidr()));
            newOwn.forEach(address -> touched.add(address.toCidr()));
        }
        peers = newPeers;
        named = newNamed;
        own = Set.copyOf(newOwn);
        for (Cidr prefix : touched) {
            IpcacheEntry entry = entry(prefix);
            if (entry == null) {
                entries.remove(prefix);
            } else {
                entries.put(prefix, entry);
            }
        }
        return entries.build();
    }

    private @Nullable IpcacheEntry entry(Cidr prefix) {
        if (prefix.isHost() && own.contains(prefix.address())) {
            return HOST;
        }
        Peer peer = peers.get(prefix);
        if (peer != null) {
            return peer.entry();
        }
        Integer identity = named.get(prefix);
        if (identity != null) {
            return new IpcacheEntry(new IdentityId(identity), Optional.empty());
        }
        return ALL.contains(prefix) ? WORLD : null;
    }
}
