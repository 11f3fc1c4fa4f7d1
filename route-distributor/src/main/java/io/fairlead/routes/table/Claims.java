package io.fairlead.routes.table;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who claims which pod CIDR, and who has it. Claims of different records that overlap are a dispute: they are heard in
 * their order, and one that overlaps a claim already granted to another record is lost as a whole. So the outcome depends
 * on what is claimed, not on when it was heard.
 *
 * <p>Two CIDRs overlap only when one contains the other; what a change can alter lies within the widest claimed CIDR
 * around it. Owned by the table's context.
 */
final class Claims {
    private static final Logger LOGGER = LoggerFactory.getLogger(Claims.class);

    // all owned by: the table's context
    private final NavigableMap<Cidr, TreeSet<Claim>> byCidr = new TreeMap<>();
    private final Map<Ip.Family, int[]> lengths =
            new EnumMap<>(Map.of(Ip.Family.V4, new int[33], Ip.Family.V6, new int[129]));
    private final NavigableMap<Cidr, Map<Claim, Claim>> lost = new TreeMap<>();
    private final Set<Cidr> touched = new TreeSet<>();

    void add(Claim claim) {
        Cidr cidr = claim.route().cidr();
        touched.add(cidr);
        byCidr.computeIfAbsent(cidr, c -> {
                    lengths(c)[c.prefixLength()]++;
                    return new TreeSet<>();
                })
                .add(claim);
    }

    void remove(Claim claim) {
        Cidr cidr = claim.route().cidr();
        touched.add(cidr);
        TreeSet<Claim> all = byCidr.get(cidr);
        if (all != null && all.remove(claim) && all.isEmpty()) {
            byCidr.remove(cidr);
            lengths(cidr)[cidr.prefixLength()]--;
        }
    }

    private int[] lengths(Cidr cidr) {
        return lengths.getOrDefault(cidr.family(), new int[0]);
    }

    /** Decides all that the changes since the last call may have altered: who has a CIDR, or nobody. */
    Map<Cidr, Optional<Claim>> settle() {
        Set<Cidr> around = new TreeSet<>();
        touched.forEach(cidr -> around.add(widest(cidr)));
        Map<Cidr, Optional<Claim>> settled = new LinkedHashMap<>();
        touched.forEach(cidr -> settled.put(cidr, Optional.empty()));
        touched.clear();
        around.forEach(cidr -> decide(cidr, settled));
        return settled;
    }

    /** The widest claimed CIDR that contains this one, or itself. */
    private Cidr widest(Cidr cidr) {
        int[] used = lengths(cidr);
        for (int length = 0; length < cidr.prefixLength(); length++) {
            if (used[length] > 0) {
                Cidr wider = Cidr.containing(cidr.address(), length);
                if (byCidr.containsKey(wider)) {
                    return wider;
                }
            }
        }
        return cidr;
    }

    private void decide(Cidr around, Map<Cidr, Optional<Claim>> settled) {
        Cidr last = around.last().toCidr();
        NavigableMap<Cidr, TreeSet<Claim>> within = byCidr.subMap(around, true, last, true);
        List<Claim> claims = new ArrayList<>();
        within.values().forEach(claims::addAll);
        claims.sort(null);
        Granted granted = new Granted();
        Map<Cidr, Map<Claim, Claim>> losers = new HashMap<>();
        for (Claim claim : claims) {
            Cidr cidr = claim.route().cidr();
            Optional<Claim> winner = granted.against(claim);
            if (winner.isEmpty()) {
                granted.add(claim);
                settled.put(cidr, Optional.of(claim));
            } else {
                settled.putIfAbsent(cidr, Optional.empty());
                losers.computeIfAbsent(cidr, c -> new TreeMap<>()).put(claim, winner.get());
            }
        }
        NavigableMap<Cidr, Map<Claim, Claim>> before = lost.subMap(around, true, last, true);
        losers.values().forEach(all -> all.forEach((loser, winner) -> tell(loser, winner, before)));
        before.clear();
        lost.putAll(losers);
    }

    private static void tell(Claim loser, Claim winner, Map<Cidr, Map<Claim, Claim>> before) {
        Map<Claim, Claim> known = before.getOrDefault(loser.route().cidr(), Map.of());
        Claim former = known.get(loser);
        if (former == null || !former.key().equals(winner.key())) {
            LOGGER.atError()
                    .addKeyValue("cidr", loser.route().cidr())
                    .addKeyValue("claimed_by", loser.key())
                    .addKeyValue("overlaps", winner.route().cidr())
                    .addKeyValue("winner", winner.key())
                    .log("pod CIDRs of two nodes overlap, the later claim gets no route");
        }
    }

    /** Disputes by what is granted, sorted. */
    List<Conflict> conflicts() {
        Map<Cidr, TreeSet<Claim>> losers = new TreeMap<>();
        Map<Cidr, Claim> winners = new TreeMap<>();
        lost.values()
                .forEach(all -> all.forEach((loser, winner) -> {
                    Cidr cidr = winner.route().cidr();
                    winners.put(cidr, winner);
                    losers.computeIfAbsent(cidr, c -> new TreeSet<>()).add(loser);
                }));
        List<Conflict> conflicts = new ArrayList<>();
        winners.forEach((cidr, winner) -> conflicts.add(new Conflict(
                cidr,
                winner.route(),
                losers.getOrDefault(cidr, new TreeSet<>()).stream()
                        .map(Claim::route)
                        .toList())));
        return conflicts;
    }

    /** What has been granted around one place; CIDRs in it that do not contain each other are disjoint. */
    private static final class Granted {
        private final NavigableMap<Cidr, Claim> byCidr = new TreeMap<>();
        private final TreeSet<Integer> lengths = new TreeSet<>();

        void add(Claim claim) {
            byCidr.put(claim.route().cidr(), claim);
            lengths.add(claim.route().cidr().prefixLength());
        }

        /** A grant to another record that overlaps. */
        Optional<Claim> against(Claim claim) {
            Cidr cidr = claim.route().cidr();
            for (int length : lengths.headSet(cidr.prefixLength(), true)) {
                Claim wider = byCidr.get(Cidr.containing(cidr.address(), length));
                if (wider != null && !wider.key().equals(claim.key())) {
                    return Optional.of(wider);
                }
            }
            return byCidr.subMap(cidr, true, cidr.last().toCidr(), true).values().stream()
                    .filter(inner -> !inner.key().equals(claim.key()))
                    .findFirst();
        }
    }
}
