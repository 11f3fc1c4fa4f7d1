package io.fairlead.routes.table;

import io.fairlead.contract.Cidr;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
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
    private final PrefixTree<Place> places = new PrefixTree<>();
    private final NavigableMap<Cidr, Map<Claim, Claim>> lost = new TreeMap<>();
    private final Set<Cidr> touched = new LinkedHashSet<>();

    /** Who claims a CIDR, hardly ever more than one, in their order. */
    private static final class Place {
        private List<Claim> claims = List.of();
        private @Nullable Claim granted;
    }

    void add(Claim claim) {
        Cidr cidr = claim.route().cidr();
        touched.add(cidr);
        Place place = places.get(cidr);
        if (place == null) {
            place = new Place();
            places.put(cidr, place);
        }
        if (place.claims.isEmpty()) {
            place.claims = List.of(claim);
        } else if (!place.claims.contains(claim)) {
            List<Claim> all = new ArrayList<>(place.claims);
            all.add(claim);
            all.sort(null);
            place.claims = all;
        }
    }

    void remove(Claim claim) {
        Cidr cidr = claim.route().cidr();
        touched.add(cidr);
        Place place = places.get(cidr);
        if (place != null) {
            place.claims =
                    place.claims.stream().filter(known -> !known.equals(claim)).toList();
            if (place.claims.isEmpty()) {
                places.remove(cidr);
            }
        }
    }

    /** Decides all that the changes since the last call may have altered: who has a CIDR, or nobody. */
    Map<Cidr, Optional<Claim>> settle() {
        Map<Cidr, Optional<Claim>> settled = new LinkedHashMap<>();
        Set<Cidr> around = new LinkedHashSet<>();
        for (Cidr cidr : touched) {
            Place place = places.get(cidr);
            boolean disputed = (place != null && place.claims.size() > 1) || !places.isLone(cidr) || wasLost(cidr);
            if (disputed) {
                around.add(places.widest(cidr));
            } else if (place != null) {
                place.granted = place.claims.get(0);
            }
            settled.put(cidr, disputed || place == null ? Optional.empty() : Optional.ofNullable(place.granted));
        }
        touched.clear();
        around.forEach(cidr -> decide(cidr, settled));
        return settled;
    }

    private boolean wasLost(Cidr cidr) {
        return !lost.isEmpty()
                && !lost.subMap(cidr, true, cidr.last().toCidr(), true).isEmpty();
    }

    /** Who has each CIDR, as last settled, sorted. */
    void forEachGranted(BiConsumer<Cidr, Claim> visitor) {
        places.forEach((cidr, place) -> {
            if (place.granted != null) {
                visitor.accept(cidr, place.granted);
            }
        });
    }

    private void decide(Cidr around, Map<Cidr, Optional<Claim>> settled) {
        List<Claim> claims = new ArrayList<>();
        for (Place place : places.within(around)) {
            place.granted = null;
            claims.addAll(place.claims);
        }
        claims.sort(null);
        Granted granted = new Granted();
        Map<Cidr, Map<Claim, Claim>> losers = new HashMap<>();
        for (Claim claim : claims) {
            Cidr cidr = claim.route().cidr();
            Optional<Claim> winner = granted.against(claim);
            if (winner.isEmpty()) {
                granted.add(claim);
                grant(cidr, claim);
                settled.put(cidr, Optional.of(claim));
            } else {
                settled.putIfAbsent(cidr, Optional.empty());
                losers.computeIfAbsent(cidr, c -> new TreeMap<>()).put(claim, winner.get());
            }
        }
        NavigableMap<Cidr, Map<Claim, Claim>> before =
                lost.subMap(around, true, around.last().toCidr(), true);
        losers.values().forEach(all -> all.forEach((loser, winner) -> tell(loser, winner, before)));
        before.clear();
        lost.putAll(losers);
    }

    private void grant(Cidr cidr, Claim claim) {
        Place place = places.get(cidr);
        if (place != null) {
            place.granted = claim;
        }
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
