package io.fairlead.soak.history;

/** How an operation ended. */
public enum Outcome {
    /** Acknowledged: it must have taken effect, and its effect must stay. */
    OK,
    /** Refused: it must not take effect. */
    FAIL,
    /** Not answered: it may have taken effect, or may yet. */
    UNKNOWN
}
