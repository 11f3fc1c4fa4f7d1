package io.fairlead.soak.check;

import io.fairlead.soak.history.Kind;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.history.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Compares what the store holds, while nothing is asked, with what was acknowledged.
 *
 * <p>Of each subject the last acknowledged operation decides, unless another one was on its way at the same time: one that
 * was acknowledged too, or one that may have taken effect within {@link #LINGER} of its end: it was not answered, or only
 * after {@link #RETRIED}, when a service may have asked etcd twice, of which etcd carries one out as late as it likes.
 */
public final class Acknowledged {
    /** How long after a request was given up it may still take effect: the longest pause of a process and its retries. */
    public static final Duration LINGER = Duration.ofSeconds(30);

    /** What takes longer may have been asked of etcd more than once: a silent member of it is left after this. */
    static final Duration RETRIED = Duration.ofMillis(300);

    private Acknowledged() {}

    /**
     * What is missing, and what should be gone or was never asked for.
     *
     * @param store the state of each subject the store has
     * @param at when it was read
     */
    public static List<Violation> check(List<Operation> operations, Map<String, String> store, long at) {
        Map<String, List<Operation>> bySubject = new TreeMap<>();
        for (Operation operation : operations) {
            if (operation.outcome() != Outcome.FAIL) {
                bySubject
                        .computeIfAbsent(operation.subject(), subject -> new ArrayList<>())
                        .add(operation);
            }
        }
        Set<String> subjects = new TreeSet<>(bySubject.keySet());
        subjects.addAll(store.keySet());
        List<Violation> found = new ArrayList<>();
        for (String subject : subjects) {
            String state = store.getOrDefault(subject, Operation.GONE);
            List<Operation> about = bySubject.getOrDefault(subject, List.of());
            Set<String> allowed = allowed(about, lateReferences(subject, about, operations));
            boolean fits =
                    allowed.contains(state) || (!state.equals(Operation.GONE) && allowed.contains(Operation.UNTOLD));
            if (!fits && !isRestored(subject, state, operations, store)) {
                found.add(new Violation(
                        Invariant.ACKNOWLEDGED_STAYS,
                        subject + ": " + shown(state) + " (expected: "
                                + String.join(
                                        " or ",
                                        allowed.stream()
                                                .map(Acknowledged::shown)
                                                .toList())
                                + ")",
                        subject,
                        at));
            }
        }
        return found;
    }

    /**
     * A reference that was given back is rightly there again while an entry of the node uses the number: one whose
     * publication was not answered and took effect late. That entry is compared by itself.
     */
    private static boolean isRestored(
            String subject, String state, List<Operation> operations, Map<String, String> store) {
        return subject.startsWith("use/")
                && operations.stream()
                        .filter(operation -> operation.kind() == Kind.PUBLISH)
                        .filter(operation -> operation.outcome() == Outcome.UNKNOWN)
                        .filter(operation -> subject.endsWith("/" + operation.process()))
                        .filter(operation -> operation.state().startsWith(state + "@"))
                        .anyMatch(operation -> operation.state().equals(store.get(operation.subject())));
    }

    private static String shown(String state) {
        return state.equals(Operation.GONE) ? "nothing" : state;
    }

    /** A publication writes the node's reference too: late, when it takes effect late. */
    private static List<Operation> lateReferences(String subject, List<Operation> about, List<Operation> operations) {
        if (!subject.startsWith("use/")) {
            return List.of();
        }
        Set<String> numbers = new TreeSet<>();
        about.forEach(operation -> numbers.add(operation.state()));
        return operations.stream()
                .filter(operation -> operation.kind() == Kind.PUBLISH)
                .filter(Acknowledged::mayComeLate)
                .filter(operation -> subject.endsWith("/" + operation.process()))
                .filter(operation -> numbers.contains(number(operation)))
                .toList();
    }

    /** The number in "number@host". */
    private static String number(Operation publication) {
        return publication.state().split("@", 2)[0];
    }

    private static Set<String> allowed(List<Operation> about, List<Operation> lateReferences) {
        Optional<Operation> last = about.stream()
                .filter(operation -> operation.outcome() == Outcome.OK)
                .max(Comparator.comparingLong(Operation::completed));
        Set<String> allowed = new TreeSet<>();
        allowed.add(last.map(Operation::state).orElse(Operation.GONE));
        about.stream().filter(operation -> isInTime(operation, last)).forEach(it -> allowed.add(it.state()));
        lateReferences.stream().filter(operation -> isInTime(operation, last)).forEach(it -> allowed.add(number(it)));
        return allowed;
    }

    private static boolean isInTime(Operation operation, Optional<Operation> last) {
        long ends = operation.completed() + (mayComeLate(operation) ? LINGER.toNanos() : 0);
        return last.isEmpty() || ends > last.get().invoked();
    }

    /**
     * Whether it may take effect after its end. Of what is acknowledged that is so for references and entries, which are
     * written whenever they are not there; everything else changes only what is as it was when the request began.
     */
    private static boolean mayComeLate(Operation operation) {
        boolean retried = operation.completed() - operation.invoked() > RETRIED.toNanos();
        return operation.outcome() != Outcome.OK
                || (retried && (operation.kind() == Kind.ALLOCATE || operation.kind() == Kind.PUBLISH));
    }
}
