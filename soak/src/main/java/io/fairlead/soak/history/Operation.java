package io.fairlead.soak.history;

/**
 * One operation.
 *
 * @param id counts operations in the order of their invocation
 * @param process who asked; a process asks one thing at a time
 * @param kind what was asked
 * @param subject what it is about: {@link Subject}
 * @param state of the subject if it takes effect: what was asked for, or what was answered; "?" when only the answer would
 *     have said; empty for gone
 * @param invoked when it was asked, in nanoseconds of the run
 * @param completed when the answer came or was given up
 * @param outcome how it ended
 * @param said the refusal, or what was heard instead of an answer; empty when it was acknowledged
 */
public record Operation(
        long id,
        String process,
        Kind kind,
        String subject,
        String state,
        long invoked,
        long completed,
        Outcome outcome,
        String said) {
    /** The state of a subject that only an answer would have told. */
    public static final String UNTOLD = "?";

    /** The state of a subject that is not there. */
    public static final String GONE = "";

    /** For people: one line, times in milliseconds. */
    public String text() {
        return String.format(
                "%10.1f %10.1f  %-8s %-7s %-16s %s%s%s",
                invoked / 1e6,
                completed / 1e6,
                process,
                outcome,
                kind,
                subject,
                state.isEmpty() ? "" : " = " + state,
                said.isEmpty() ? "" : "  (" + said + ")");
    }
}
