package io.fairlead.contract;

/** What should happen after a failure. Every exception of a port carries one. */
public enum FailureKind {
    /** The same attempt may succeed later: unreachable, overloaded, timed out. The attempt may have taken effect. */
    RETRY,
    /** What was believed about the other side is out of date: read it again first. */
    RESYNC,
    /** Trying again changes nothing: refused, malformed, impossible. */
    GIVE_UP
}
