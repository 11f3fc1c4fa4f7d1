package io.fairlead.soak.check;

import io.fairlead.contract.Cidr;
import io.fairlead.soak.history.Kind;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.history.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Who held what when, by what was acknowledged: from an answer until the holder asked to give it back.
 *
 * <p>These are the times at which a node would have used what it was given, so no two may meet.
 */
public final class Holdings {
    private Holdings() {}

    /** From {@code from} to {@code to} a process held {@code what} as {@code subject}. */
    private record Holding(String process, String subject, String what, long from, long to) {
        boolean meets(Holding other) {
            return from < other.to && other.from < to;
        }
    }

    /** CIDRs that two nodes held at once, and those that changed while a node held them. */
    public static List<Violation> cidrs(List<Operation> operations) {
        List<Violation> found = new ArrayList<>();
        List<Holding> holdings = blocks(operations, found);
        holdings.sort(Comparator.comparingLong(Holding::from));
        List<Holding> active = new ArrayList<>();
        for (Holding next : holdings) {
            active.removeIf(held -> held.to <= next.from);
            for (Holding held : active) {
                if (!held.process.equals(next.process) && overlap(held.what, next.what)) {
                    found.add(new Violation(
                            Invariant.NO_SHARED_CIDR,
                            held.process + " holds " + held.what + ", and " + next.process + " was given " + next.what
                                    + " (expected: CIDRs that do not overlap)",
                            next.subject,
                            next.from));
                }
            }
            active.add(next);
        }
        return found;
    }

    /** Numbers that two label sets had at once, and label sets with two numbers at once. */
    public static List<Violation> identities(List<Operation> operations) {
        List<Violation> found = new ArrayList<>();
        List<Holding> holdings = holdings(operations, Kind.ALLOCATE, Kind.RELEASE_IDENTITY, found);
        Map<String, List<Holding>> byNumber = new HashMap<>();
        Map<String, List<Holding>> byLabels = new HashMap<>();
        for (Holding holding : holdings) {
            byNumber.computeIfAbsent(holding.what, number -> new ArrayList<>()).add(holding);
            byLabels.computeIfAbsent(labels(holding), labels -> new ArrayList<>())
                    .add(holding);
        }
        byNumber.forEach((number, all) -> pairs(all, (first, second) -> {
            if (!labels(first).equals(labels(second))) {
                found.add(new Violation(
                        Invariant.NO_SHARED_IDENTITY,
                        "number " + number + " of " + labels(first) + " at " + first.process + ", and of "
                                + labels(second) + " at " + second.process + " (expected: one label set)",
                        second.subject,
                        Math.max(first.from, second.from)));
            }
        }));
        byLabels.forEach((labels, all) -> pairs(all, (first, second) -> {
            if (!first.what.equals(second.what)) {
                found.add(new Violation(
                        Invariant.NO_DOUBLE_IDENTITY,
                        labels + " is " + first.what + " at " + first.process + ", and " + second.what + " at "
                                + second.process + " (expected: one number)",
                        second.subject,
                        Math.max(first.from, second.from)));
            }
        }));
        return found;
    }

    private interface Pair {
        void seen(Holding first, Holding second);
    }

    /** Those that meet; one of each pair of different content is enough. */
    private static void pairs(List<Holding> all, Pair pair) {
        all.sort(Comparator.comparingLong(Holding::from));
        List<Holding> active = new ArrayList<>();
        for (Holding next : all) {
            active.removeIf(held -> held.to <= next.from);
            active.stream().filter(held -> held.meets(next)).forEach(held -> pair.seen(held, next));
            active.add(next);
        }
    }

    /** The label set in "use/labels/node". */
    private static String labels(Holding holding) {
        return holding.subject.substring("use/".length(), holding.subject.lastIndexOf('/'));
    }

    /** Of each CIDR by itself: a node may have several, and give back one of them. */
    private static List<Holding> blocks(List<Operation> operations, List<Violation> found) {
        List<Operation> sorted = new ArrayList<>(operations);
        sorted.sort(Comparator.comparingLong(Operation::invoked));
        List<Holding> holdings = new ArrayList<>();
        Map<String, NodeBlocks> nodes = new TreeMap<>();
        for (Operation operation : sorted) {
            NodeBlocks node = nodes.computeIfAbsent(operation.subject(), ignored -> new NodeBlocks());
            boolean gives = operation.kind() == Kind.REGISTER || operation.kind() == Kind.ADD_CIDR;
            boolean takes = operation.kind() == Kind.RELEASE_NODE || operation.kind() == Kind.RETURN_CIDR;
            if (gives && operation.outcome() == Outcome.OK) {
                holdings.addAll(node.give(operation, found));
            } else if (takes && operation.outcome() != Outcome.FAIL) {
                holdings.addAll(node.take(operation));
            }
        }
        nodes.values().forEach(node -> holdings.addAll(node.has.values()));
        return holdings;
    }

    /** What one node has by now. */
    private static final class NodeBlocks {
        private final Map<String, Holding> has = new TreeMap<>();
        // CIDRs whose end was asked for with no answer, and until when it may yet come
        private final Map<String, Long> doubts = new TreeMap<>();

        /** Says which holdings have ended. */
        List<Holding> take(Operation operation) {
            List<Holding> ended = without(operation);
            if (operation.outcome() != Outcome.OK) {
                long until = operation.completed() + Acknowledged.LINGER.toNanos();
                ended.forEach(gone -> doubts.put(gone.what, until));
            } else if (operation.kind() == Kind.RELEASE_NODE) {
                doubts.clear();
            } else {
                doubts.keySet().retainAll(state(operation));
            }
            return ended;
        }

        List<Holding> give(Operation operation, List<Violation> found) {
            List<Holding> ended = without(operation);
            for (Holding gone : ended) {
                found.add(new Violation(
                        Invariant.SAME_CIDR,
                        gone.subject + ": " + operation.state() + " (expected: also " + gone.what
                                + ", which was not given back)",
                        gone.subject,
                        operation.completed()));
            }
            long from = operation.completed();
            for (String cidr : state(operation)) {
                if (doubts.getOrDefault(cidr, 0L) < from) {
                    has.putIfAbsent(
                            cidr, new Holding(operation.process(), operation.subject(), cidr, from, Long.MAX_VALUE));
                }
            }
            return ended;
        }

        private List<Holding> without(Operation operation) {
            Set<String> state = state(operation);
            List<Holding> ended = new ArrayList<>();
            has.values().removeIf(holding -> {
                boolean gone = !state.contains(holding.what);
                if (gone) {
                    ended.add(ended(holding, operation.invoked()));
                }
                return gone;
            });
            return ended;
        }

        private static Set<String> state(Operation operation) {
            return Set.of(operation.state().split(","));
        }
    }

    private static List<Holding> holdings(List<Operation> operations, Kind gives, Kind takes, List<Violation> found) {
        List<Operation> sorted = new ArrayList<>(operations);
        sorted.sort(Comparator.comparingLong(Operation::invoked));
        List<Holding> holdings = new ArrayList<>();
        Map<String, Holding> held = new TreeMap<>();
        for (Operation operation : sorted) {
            String subject = operation.subject();
            if (operation.kind() == gives && operation.outcome() == Outcome.OK) {
                Holding fresh = new Holding(
                        operation.process(), subject, operation.state(), operation.completed(), Long.MAX_VALUE);
                Holding before = held.putIfAbsent(subject, fresh);
                if (before != null && !before.what.equals(fresh.what)) {
                    found.add(new Violation(
                            Invariant.NO_DOUBLE_IDENTITY,
                            subject + ": " + fresh.what + " (expected: " + before.what + ", which was not given back)",
                            subject,
                            operation.completed()));
                    held.put(subject, fresh);
                    holdings.add(ended(before, operation.invoked()));
                }
            } else if (operation.kind() == takes && operation.outcome() != Outcome.FAIL) {
                Holding ending = held.remove(subject);
                if (ending != null) {
                    holdings.add(ended(ending, operation.invoked()));
                }
            }
        }
        holdings.addAll(held.values());
        return holdings;
    }

    private static Holding ended(Holding holding, long to) {
        return new Holding(holding.process, holding.subject, holding.what, holding.from, to);
    }

    static boolean overlap(String some, String others) {
        for (String one : some.split(",")) {
            for (String other : others.split(",")) {
                if (Cidr.parse(one).overlaps(Cidr.parse(other))) {
                    return true;
                }
            }
        }
        return false;
    }
}
