package io.fairlead.soak.check;

import io.fairlead.soak.history.Kind;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.history.Outcome;
import java.util.ArrayList;
import java.util.List;

/** A history made up for a test; times in milliseconds. */
final class Told {
    private final List<Operation> operations = new ArrayList<>();

    Told ok(String process, Kind kind, String subject, String state, long from, long to) {
        return add(process, kind, subject, state, new long[] {from, to}, Outcome.OK);
    }

    Told unknown(String process, Kind kind, String subject, String state, long from, long to) {
        return add(process, kind, subject, state, new long[] {from, to}, Outcome.UNKNOWN);
    }

    Told fail(String process, Kind kind, String subject, String state, long from, long to) {
        return add(process, kind, subject, state, new long[] {from, to}, Outcome.FAIL);
    }

    List<Operation> operations() {
        return operations;
    }

    private Told add(String process, Kind kind, String subject, String state, long[] times, Outcome outcome) {
        operations.add(new Operation(
                operations.size(),
                process,
                kind,
                subject,
                state,
                times[0] * 1_000_000,
                times[1] * 1_000_000,
                outcome,
                ""));
        return this;
    }
}
