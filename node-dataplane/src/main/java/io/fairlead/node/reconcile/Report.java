package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How things stand between what should be and what is.
 *
 * @param failures what could not be written or removed, with the reason, by table
 * @param refused pod CIDRs that get no route, with the reason
 * @param policyErrors why identities of this node are not judged as policies say, by their number
 * @param unreadable tables that could not be read at the last look, with the reason
 * @param repaired entries found altered or gone behind the agent's back and put right, since it started
 * @param problems what of the ground the tables stand on is not as it should be, or stopped a whole round
 * @param lastResync when the kernel was last compared in full
 * @param skipped pod CIDRs of nodes behind a router, which are left to it, with the reason; nothing is wrong with them
 */
public record Report(
        Map<TableId, Map<Object, String>> failures,
        Map<Cidr, String> refused,
        Map<Integer, String> policyErrors,
        Map<TableId, String> unreadable,
        long repaired,
        List<String> problems,
        Optional<Instant> lastResync,
        Map<Cidr, String> skipped) {

    /** Before anything was done. */
    public static final Report NONE =
            new Report(Map.of(), Map.of(), Map.of(), Map.of(), 0, List.of(), Optional.empty());

    /** Without anything skipped. */
    public Report(
            Map<TableId, Map<Object, String>> failures,
            Map<Cidr, String> refused,
            Map<Integer, String> policyErrors,
            Map<TableId, String> unreadable,
            long repaired,
            List<String> problems,
            Optional<Instant> lastResync) {
        this(failures, refused, policyErrors, unreadable, repaired, problems, lastResync, Map.of());
    }

    /** True when the kernel is as it should be. */
    public boolean isClean() {
        return failures.values().stream().allMatch(Map::isEmpty)
                && refused.isEmpty()
                && policyErrors.isEmpty()
                && unreadable.isEmpty()
                && problems.isEmpty();
    }

    /** The same with one problem more. */
    Report with(String problem) {
        List<String> more = new ArrayList<>(problems);
        more.add(problem);
        return new Report(
                failures, refused, policyErrors, unreadable, repaired, List.copyOf(more), lastResync, skipped);
    }

    /** Why the kernel did not take a route, by destination. */
    public Map<Object, String> routeFailures() {
        return failures.getOrDefault(TableId.ROUTES, Map.of());
    }
}
