package io.fairlead.soak.check;

/** What must hold, whatever fails. */
public enum Invariant {
    /** No two nodes hold overlapping CIDRs, by acknowledgement or at any revision of the store. */
    NO_SHARED_CIDR,
    /** A CIDR gets another owner only after every other node has acknowledged that it was withdrawn. */
    REUSED_TOO_EARLY,
    /** A node that was not released keeps its CIDRs. */
    SAME_CIDR,
    /** No number belongs to two label sets. */
    NO_SHARED_IDENTITY,
    /** No label set has two numbers. */
    NO_DOUBLE_IDENTITY,
    /** What was acknowledged is there after recovery; what was acknowledged to be gone stays gone. */
    ACKNOWLEDGED_STAYS,
    /** Every node's tables are what the store says, within the limit. */
    TABLES_EQUAL,
    /** A value that cannot be read changes nothing at any node, and is counted. */
    OLD_STATE_KEPT,
    /** A store without space is said to be one, and everything goes on when it has some again. */
    NO_SPACE_SAID,
    /** Everything comes back after the faults are gone. */
    RECOVERS
}
