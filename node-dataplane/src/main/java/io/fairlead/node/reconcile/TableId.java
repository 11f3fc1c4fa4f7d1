package io.fairlead.node.reconcile;

import io.fairlead.node.desired.DesiredState.Source;
import java.util.Set;

/**
 * The kernel's tables, in the order they are written: what is pointed at comes before what points. Removal goes the other
 * way.
 */
public enum TableId {
    POLICIES("policies", Source.IDENTITIES),
    IPCACHE("ipcache", Source.IDENTITIES),
    ENDPOINTS("endpoints", Source.PODS),
    INTERFACES("interfaces", Source.PODS),
    LINKS("links", Source.PODS),
    NEXT_HOPS("nexthops", Source.ROUTES),
    ROUTES("routes", Source.ROUTES);

    private final String label;
    private final Source source;

    TableId(String label, Source source) {
        this.label = label;
        this.source = source;
    }

    /** Its name in logs, metrics and status. */
    public String label() {
        return label;
    }

    /** Whose word the table is about first of all. */
    public Source source() {
        return source;
    }

    /** Who must have said all they know before anything in the table is touched. */
    public Set<Source> sources() {
        // which policies there are says one, whom they judge the other
        return this == POLICIES ? Set.of(source, Source.PODS) : Set.of(source);
    }
}
