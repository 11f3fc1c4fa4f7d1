package io.fairlead.soak.history;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** All operations of a run, in the order of their completion. Any thread may add. */
public final class History {
    private final long start = System.nanoTime();
    private final AtomicLong ids = new AtomicLong();
    private final AtomicInteger open = new AtomicInteger();
    private final List<Operation> operations = new ArrayList<>(); // guarded by: this

    /** An operation that was asked and not answered yet. */
    public final class Invocation {
        private final long id = ids.incrementAndGet();
        private final long invoked = now();
        private final String process;
        private final Kind kind;
        private final String subject;
        private final String asked;

        private Invocation(String process, Kind kind, String subject, String asked) {
            this.process = process;
            this.kind = kind;
            this.subject = subject;
            this.asked = asked;
            open.incrementAndGet();
        }

        /** It was acknowledged; {@code state} is what the subject is now. */
        public void ok(String state) {
            add(state, Outcome.OK, "");
        }

        public void fail(String said) {
            add(asked, Outcome.FAIL, said);
        }

        public void unknown(String said) {
            add(asked, Outcome.UNKNOWN, said);
        }

        private void add(String state, Outcome outcome, String said) {
            Operation done = new Operation(id, process, kind, subject, state, invoked, now(), outcome, said);
            synchronized (History.this) {
                operations.add(done);
            }
            open.decrementAndGet();
        }
    }

    /** Nanoseconds since the run began. */
    public long now() {
        return System.nanoTime() - start;
    }

    /**
     * Notes that something is asked from now on.
     *
     * @param asked the state it would lead to: {@link Operation#state}
     */
    public Invocation invoke(String process, Kind kind, String subject, String asked) {
        return new Invocation(process, kind, subject, asked);
    }

    /** Operations that have not ended. */
    public int open() {
        return open.get();
    }

    /** What has ended so far. */
    public synchronized List<Operation> operations() {
        return List.copyOf(operations);
    }

    /** How many ended how, by kind. */
    public static Map<Kind, Map<Outcome, Integer>> counts(List<Operation> operations) {
        Map<Kind, Map<Outcome, Integer>> counts = new TreeMap<>();
        for (Operation operation : operations) {
            counts.computeIfAbsent(operation.kind(), kind -> new EnumMap<>(Outcome.class))
                    .merge(operation.outcome(), 1, Integer::sum);
        }
        return counts;
    }
}
