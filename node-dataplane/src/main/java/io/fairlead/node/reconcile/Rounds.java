package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.policy.PolicySwitch;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One round after the other: translate what is desired, plan, write, and say how things stand.
 *
 * <p>A round in which nothing but routes changed costs what changed. Used by the reconciler's thread only, but for {@link
 * #state} and {@link #observed}. What fails altogether throws; the next full round puts it right.
 */
final class Rounds {
    private static final Logger LOGGER = LoggerFactory.getLogger(Rounds.class);

    private final KernelWriter writer;
    private final Translator translator;
    private final Reachability reachability;
    private final Ground ground;
    private volatile DesiredState state = DesiredState.NOTHING; // written by: reconciler
    private Report report = Report.NONE;
    private boolean loaded;
    private boolean settled;
    private boolean quiet; // the last full round left nothing to do but for routes
    private boolean wasShort;
    private long repaired;
    private Tables wantedBefore = Tables.EMPTY;
    private List<String> problems = List.of();
    private Map<Cidr, String> skipped = Map.of();
    private Optional<Long> leftToSweep = Optional.empty();
    private Optional<Instant> lastResync = Optional.empty();

    Rounds(KernelWriter writer, Translator translator, Reachability reachability, Ground ground) {
        this.writer = writer;
        this.translator = translator;
        this.reachability = reachability;
        this.ground = ground;
    }

    /** What is desired now. Any thread. */
    DesiredState state() {
        return state;
    }

    /** What the kernel holds, as last read or written. Any thread. */
    Tables observed() {
        return writer.observed();
    }

    /** Reads the kernel's tables, changing nothing. */
    Tables readKernel() {
        return writer.read();
    }

    Report report() {
        return report;
    }

    /** Whether the last round cost no more than what changed. */
    boolean wasShort() {
        return wasShort;
    }

    /** The number to give to {@link #sweep} a moment later, when the last round left something to be removed then. */
    Optional<Long> leftToSweep() {
        return leftToSweep;
    }

    void change(UnaryOperator<DesiredState> change) {
        state = change.apply(state);
    }

    /** A round; the first reads the kernel. */
    void run() {
        if (!loaded) {
            resync();
        } else if (quiet && translator.isAboutRoutes(state)) {
            wasShort = true;
            leftToSweep = Optional.empty();
            finish(translator.translateRoutes(state, writer.observed().nextHops(), reachability), false);
        } else {
            apply(false);
        }
    }

    /** A round that removes what an earlier one left for packets on their way. */
    void sweep(long upTo) {
        translator.policies().sweep(upTo);
        apply(false);
    }

    /** A round that compares everything, and tries again what the kernel refused. */
    void resync() {
        lookAtGround();
        reachability.refresh();
        translator.forgetWays();
        writer.load();
        loaded = true;
        lastResync = Optional.of(Instant.now());
        apply(true);
    }

    private void lookAtGround() {
        Ground.Look look = ground.look(state);
        translator.use(look.nativeDevices());
        if (!look.hostAddresses().equals(state.hostAddresses())) {
            state = state.withHostAddresses(look.hostAddresses());
        }
        if (settled && look.repaired() > 0) {
            repaired += look.repaired();
            LOGGER.atWarn()
                    .addKeyValue("entries", look.repaired())
                    .log("devices or their settings differed from what was made; put right");
        }
        if (!look.problems().isEmpty() && !look.problems().equals(problems)) {
            LOGGER.atError()
                    .addKeyValue("problems", look.problems())
                    .log("devices of the node are not as they should be");
        }
        problems = look.problems();
    }

    /** A full round. */
    private void apply(boolean retryFailed) {
        wasShort = false;
        quiet = false;
        PolicySwitch policies = translator.policies();
        Tables observed = writer.observed();
        policies.prepare(state, observed.inKernel(), retryFailed);
        Tables first = observed.with(TableId.POLICIES, policies.entries());
        List<KernelOp> entries = Planner.planPolicies(first, observed, state.complete());
        if (retryFailed) {
            countRepairs(entries, first);
        }
        writer.write(entries, retryFailed);
        policies.settle(writer.observed().policies(), writer.failures().getOrDefault(TableId.POLICIES, Map.of()));
        finish(translator.translate(state, writer.observed().nextHops(), reachability), retryFailed);
        leftToSweep = policies.finish(writer.observed().inKernel());
        quiet = leftToSweep.isEmpty()
                && report.policyErrors().isEmpty()
                && Set.of(TableId.NEXT_HOPS, TableId.ROUTES)
                        .containsAll(writer.failures().keySet());
    }

    private void finish(Translator.Translation wanted, boolean full) {
        List<KernelOp> plan = Planner.plan(wanted.tables(), writer.observed(), state.complete());
        if (full) {
            countRepairs(plan, wanted.tables());
        }
        wantedBefore = wanted.tables();
        writer.write(plan, false);
        writer.adopt(wanted.tables(), state.complete());
        settled = writer.failures().isEmpty();
        report = new Report(
                RouteFailures.explained(writer.failures(), wanted.tables()),
                wanted.refused(),
                translator.policies().errors(),
                writer.unreadable(),
                repaired,
                problems,
                lastResync,
                wanted.skipped());
        tellSkipped(wanted.skipped());
    }

    private void tellSkipped(Map<Cidr, String> now) {
        if (now != skipped && !now.keySet().equals(skipped.keySet())) {
            LOGGER.atInfo()
                    .addKeyValue("cidrs", now.size())
                    .addKeyValue(
                            "reasons", now.values().stream().distinct().limit(5).toList())
                    .log("routes to nodes on other networks are left to the router");
        }
        skipped = now;
    }

    /** What a full look finds to do where everything had been done and is wanted as before was altered by somebody else. */
    private void countRepairs(List<KernelOp> plan, Tables wanted) {
        if (!settled) {
            return;
        }
        for (KernelOp op : plan) {
            boolean unread = writer.unreadable().containsKey(op.table());
            if (unread || !wanted.get(op.table()).equals(wantedBefore.get(op.table()))) {
                continue;
            }
            repaired += op.size();
            LOGGER.atWarn()
                    .addKeyValue("table", op.table().label())
                    .addKeyValue("entries", op.size())
                    .log("kernel state differs from what was written; putting it right");
        }
    }
}
