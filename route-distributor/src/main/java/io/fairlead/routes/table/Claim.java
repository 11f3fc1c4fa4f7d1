package io.fairlead.routes.table;

import java.util.Comparator;

/**
 * What a node record says is its node's. The order decides disputes: those of the own cluster first, then who claimed
 * first (lower create revision).
 *
 * @param key of the record
 * @param own whether it is of the own cluster
 * @param createRevision of the record
 */
record Claim(String key, boolean own, long createRevision, Route route) implements Comparable<Claim> {
    private static final Comparator<Claim> ORDER = Comparator.comparing((Claim c) -> !c.own())
            .thenComparingLong(Claim::createRevision)
            .thenComparing(Claim::key)
            .thenComparing(c -> c.route().cidr());

    @Override
    public int compareTo(Claim other) {
        return ORDER.compare(this, other);
    }
}
