package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.NextHop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The agent's nexthop objects by id, one a node: ids of {@link Ownership}'s range that carry its protocol.
 *
 * <p>An object of another protocol is never replaced or removed, even when its id is in the range.
 */
public final class NextHopTable implements KernelTable<Integer, NextHop> {
    /** What {@link #load} gives for an object of ours that somebody made into something a next hop cannot say. */
    public static final NextHop ALTERED = new NextHop(Ip.v4(0), 0);

    /** A request and its answer take about as long as four objects of a dump. */
    private static final int ASKED_ONE_BY_ONE = 256;

    private final Netlink netlink;

    public NextHopTable(Netlink netlink) {
        this.netlink = netlink;
    }

    @Override
    public String name() {
        return "nexthops";
    }

    @Override
    public Map<Integer, NextHop> load() {
        List<NextHopObject> objects = netlink.nextHops();
        Map<Integer, NextHop> ours = new HashMap<>(objects.size() * 2);
        for (NextHopObject object : objects) {
            if (isOurs(object)) {
                ours.put(object.id(), value(object));
            }
        }
        return ours;
    }

    /** Those of these that are ours: few are asked for one by one, which costs nothing of what else there is. */
    private Map<Integer, NextHop> ours(Collection<Integer> ids) {
        if (ids.size() > ASKED_ONE_BY_ONE) {
            return load();
        }
        Map<Integer, NextHop> ours = new HashMap<>();
        for (int id : ids) {
            netlink.nextHop(id).filter(NextHopTable::isOurs).ifPresent(object -> ours.put(id, value(object)));
        }
        return ours;
    }

    private static boolean isOurs(NextHopObject object) {
        return object.protocol() == Ownership.PROTOCOL && Ownership.isNextHopId(object.id());
    }

    @Override
    public Map<Integer, KernelException> upsert(Map<Integer, NextHop> entries) {
        Map<Integer, KernelException> failures = new LinkedHashMap<>();
        List<Integer> taken = new ArrayList<>();
        write(entries, valid(entries.keySet(), failures), Rtm.NLM_F_CREATE | Rtm.NLM_F_EXCL)
                .forEach((id, e) -> {
                    if (e.errno() == Rtm.EEXIST) {
                        taken.add(id);
                    } else {
                        failures.put(id, e);
                    }
                });
        if (!taken.isEmpty()) {
            Map<Integer, NextHop> ours = ours(taken);
            taken.stream().filter(id -> !ours.containsKey(id)).forEach(id -> failures.put(id, foreign(id)));
            taken.removeIf(id -> !ours.containsKey(id) || ours.get(id).equals(entries.get(id)));
            failures.putAll(write(entries, taken, Rtm.NLM_F_CREATE | Rtm.NLM_F_REPLACE));
        }
        return failures;
    }

    @Override
    public Map<Integer, KernelException> delete(Collection<Integer> ids) {
        // A delete request has no protocol in it, so what is not ours must be left out here.
        Map<Integer, NextHop> ours = ours(ids);
        List<Integer> present = ids.stream().filter(ours::containsKey).toList();
        Map<Integer, KernelException> failures =
                netlink.socket().each(present, NextHopObject::encodeDelete, id -> "nexthop delete id " + id);
        failures.values().removeIf(e -> e.errno() == Rtm.ENOENT);
        return failures;
    }

    private Map<Integer, KernelException> write(Map<Integer, NextHop> entries, List<Integer> ids, int flags) {
        return netlink.socket()
                .each(
                        ids,
                        (w, id) -> {
                            NextHop hop = entries.get(id);
                            NextHopObject.ours(id, hop.gateway(), hop.ifindex()).encode(w, flags);
                        },
                        id -> "nexthop add id " + id + " via " + entries.get(id).gateway());
    }

    private static List<Integer> valid(Collection<Integer> ids, Map<Integer, KernelException> failures) {
        List<Integer> valid = new ArrayList<>(ids.size());
        for (Integer id : ids) {
            if (Ownership.isNextHopId(id)) {
                valid.add(id);
            } else {
                failures.put(
                        id,
                        new KernelException(
                                "nexthop add id " + id,
                                0,
                                "id outside the agent's range (expected: " + Ownership.FIRST_NEXT_HOP_ID + " to "
                                        + Ownership.LAST_NEXT_HOP_ID + ")",
                                FailureKind.GIVE_UP));
            }
        }
        return valid;
    }

    private static KernelException foreign(int id) {
        return new KernelException(
                "nexthop add id " + id, Rtm.EEXIST, "EEXIST (the id belongs to another protocol)", FailureKind.GIVE_UP);
    }

    private static NextHop value(NextHopObject object) {
        if (!object.plain() || object.gateway().isEmpty() || object.ifindex() == 0) {
            return ALTERED;
        }
        return new NextHop(object.gateway().get(), object.ifindex());
    }
}
