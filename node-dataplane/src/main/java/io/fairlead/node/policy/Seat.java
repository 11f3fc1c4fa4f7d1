package io.fairlead.node.policy;

import io.fairlead.contract.policy.PolicyName;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What judges one identity of this node: a set in force, and perhaps one that is to take its place.
 *
 * <p>A set takes over only when all of it is in the kernel; until then the one before judges.
 */
final class Seat {
    private final int identity;
    private @Nullable PolicySet inForce; // owned by: reconciler
    private @Nullable PolicySet candidate; // owned by: reconciler
    private boolean failed; // owned by: reconciler
    private List<PolicyName> policies = List.of(); // owned by: reconciler
    private String failure = ""; // owned by: reconciler
    private String error = ""; // owned by: reconciler

    Seat(int identity) {
        this.identity = identity;
    }

    @Nullable
    PolicySet inForce() {
        return inForce;
    }

    /** The set that is being written; none when the kernel did not take it. */
    @Nullable
    PolicySet written() {
        PolicySet next = candidate;
        return next == null || failed || next.isTooLarge() ? null : next;
    }

    @Nullable
    PolicySet candidate() {
        return candidate;
    }

    List<PolicyName> policies() {
        return policies;
    }

    String error() {
        return error;
    }

    /** A set the kernel has already. */
    void takeOver(PolicySet set) {
        inForce = set;
    }

    /** The rules are not known: what is in force stays. */
    void keep(String why) {
        candidate = null;
        error = why;
    }

    /**
     * What should judge it.
     *
     * @param retry whether what the kernel did not take is tried again
     * @param id gives an id for another set
     */
    void want(PolicyEngine.Wanted wanted, boolean retry, IntSupplier id, SelectorCache cache, int maxEntries) {
        policies = wanted.policies();
        error = "";
        PolicySet now = inForce;
        PolicySet next = candidate;
        if (now != null && now.rules().equals(wanted.rules())) {
            candidate = null;
        } else if (next == null || !next.rules().equals(wanted.rules())) {
            next = new PolicySet(wanted.rules().isNone() ? 0 : id.getAsInt(), wanted.rules(), maxEntries);
            next.compute(cache);
            candidate = next;
            failed = false;
        } else if (retry) {
            failed = false;
        }
    }

    /**
     * Puts the next set in force if the kernel has it.
     *
     * @param refused why the kernel did not take entries
     * @return the set that is in force no more
     */
    @Nullable
    PolicySet settle(Map<Integer, Map<PolicyKey, PolicyEntry>> kernel, Map<Object, String> refused) {
        PolicySet next = candidate;
        PolicySet before = inForce;
        if (next == null) {
            if (before != null) {
                error = error.isEmpty() ? shortOf(before, kernel, refused) : error;
            }
            return null;
        }
        if (!next.isTooLarge() && !failed && isWhole(next, kernel)) {
            inForce = next;
            candidate = null;
            return before;
        }
        String stays = before == null ? "; nothing passes" : "; the policy before stays in force";
        if (next.isTooLarge()) {
            error = name() + next.wanted() + " entries (expected: at most " + next.maxEntries() + ")" + stays;
        } else {
            failure = failed ? failure : reason(next, kernel, refused);
            failed = true;
            error = name() + failure + stays;
        }
        return null;
    }

    private String shortOf(
            PolicySet set, Map<Integer, Map<PolicyKey, PolicyEntry>> kernel, Map<Object, String> refused) {
        if (set.leftOut() > 0) {
            return name() + set.wanted() + " entries (expected: at most " + set.maxEntries() + "); " + set.leftOut()
                    + " identities that came last are left out";
        }
        return isWhole(set, kernel) ? "" : name() + reason(set, kernel, refused);
    }

    private static boolean isWhole(PolicySet set, Map<Integer, Map<PolicyKey, PolicyEntry>> kernel) {
        Map<PolicyKey, PolicyEntry> there = kernel.getOrDefault(set.id(), Map.of());
        return there == set.entries()
                || there.entrySet().containsAll(set.entries().entrySet());
    }

    private static String reason(
            PolicySet set, Map<Integer, Map<PolicyKey, PolicyEntry>> kernel, Map<Object, String> refused) {
        Map<PolicyKey, PolicyEntry> there = kernel.getOrDefault(set.id(), Map.of());
        Set<PolicyKey> missing = set.entries().entrySet().stream()
                .filter(entry -> !entry.getValue().equals(there.get(entry.getKey())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        String why = missing.stream()
                .map(refused::get)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse("not written");
        return missing.size() + " of " + set.entries().size() + " entries not taken by the kernel: " + why;
    }

    private String name() {
        String names = policies.isEmpty()
                ? "no policy"
                : policies.stream().limit(3).map(PolicyName::toString).collect(Collectors.joining(", "))
                        + (policies.size() > 3 ? " and " + (policies.size() - 3) + " more" : "");
        return "policy of identity " + Integer.toUnsignedString(identity) + " (" + names + "): ";
    }
}
