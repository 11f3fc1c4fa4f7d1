package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which policy judges each pod, from one round of the reconciler to the next.
 *
 * <p>Changed rules are written in full under another id; pods are judged by them when all of that is in the kernel. In a
 * round: {@link #prepare}, the entries are written, {@link #settle}, the rest is written, {@link #finish}. Used by the
 * reconciler's thread only, but for {@link #view}.
 */
public final class PolicySwitch {
    private final PolicySettings settings;
    private final PolicyEngine engine;
    private final PolicyIds ids;
    private final OldSets old = new OldSets();
    private final Map<Integer, Seat> seats = new TreeMap<>(); // owned by: reconciler
    private Map<Integer, Map<PolicyKey, PolicyEntry>> unsettled = Map.of(); // owned by: reconciler
    private Map<Cidr, Integer> unsettledPrefixes = Map.of(); // owned by: reconciler
    private Map<Integer, PodInterface> interfaces = Map.of(); // owned by: reconciler
    private Set<PolicySet> lastSets = Set.of(); // owned by: reconciler
    private Set<Peer> judging = Set.of(); // owned by: reconciler
    private boolean ready; // owned by: reconciler
    private boolean adopted; // owned by: reconciler
    private long round; // owned by: reconciler
    private long sweepUpTo = -1; // owned by: reconciler
    private volatile PolicyView view = PolicyView.NOTHING;

    /** @param firstId a random number: ids of an earlier agent are hardly met */
    public PolicySwitch(PolicySettings settings, int firstId) {
        this.settings = settings;
        engine = new PolicyEngine(settings);
        ids = new PolicyIds(firstId);
    }

    /**
     * Works out what a round is to write.
     *
     * @param retry whether what the kernel did not take is tried again
     */
    public void prepare(DesiredState state, InKernel kernel, boolean retry) {
        round++;
        interfaces = kernel.interfaces();
        ready = state.knows(DesiredState.Source.IDENTITIES) && state.knows(DesiredState.Source.PODS);
        if (!ready) {
            unsettled = kernel.policies();
            unsettledPrefixes = kernel.localIdentities();
            return;
        }
        Set<Integer> referenced = kernel.referenced();
        old.forget(sweepUpTo, referenced);
        followIdentities(state, kernel);
        noteForeign(kernel, referenced);
        old.follow(engine.prefixes(), kernel);
        seat(state, kernel, retry);
    }

    private void followIdentities(DesiredState state, InKernel kernel) {
        Map<Peer, Set<Integer>> changed = new HashMap<>();
        if (!adopted) {
            adopted = true;
            merge(changed, engine.adopt(kernel.localIdentities(), round));
        }
        lookAtSets();
        merge(changed, engine.update(state, judging, round));
        merge(changed, engine.forget(sweepUpTo, kernel));
        if (changed.isEmpty()) {
            return;
        }
        old.update(changed, engine.cache());
        seats.values().forEach(seat -> {
            Optional.ofNullable(seat.inForce()).ifPresent(set -> set.update(changed, engine.cache()));
            Optional.ofNullable(seat.candidate()).ifPresent(set -> set.update(changed, engine.cache()));
        });
    }

    private static void merge(Map<Peer, Set<Integer>> into, Map<Peer, Set<Integer>> more) {
        more.forEach(
                (peer, ids) -> into.computeIfAbsent(peer, p -> new HashSet<>()).addAll(ids));
    }

    /** Sets somebody is judged by that are not known: an earlier agent's. */
    private void noteForeign(InKernel kernel, Set<Integer> referenced) {
        Set<Integer> known = live();
        for (int id : referenced) {
            if (!known.contains(id)) {
                old.addForeign(id, kernel.entries(id), round);
            }
        }
    }

    private void seat(DesiredState state, InKernel kernel, boolean retry) {
        Map<Integer, List<Pod>> pods = new HashMap<>();
        for (Pod pod : state.pods().values()) {
            pods.computeIfAbsent(pod.identity().value(), identity -> new java.util.ArrayList<>())
                    .add(pod);
        }
        seats.entrySet().removeIf(seat -> {
            boolean gone = !pods.containsKey(seat.getKey());
            if (gone) {
                Optional.ofNullable(seat.getValue().inForce()).ifPresent(set -> old.add(set, round));
            }
            return gone;
        });
        pods.forEach((identity, judged) -> {
            Seat seat = seats.computeIfAbsent(identity, Seat::new);
            Optional<PolicyEngine.Wanted> wanted = engine.wanted(identity);
            if (wanted.isEmpty()) {
                String stays = seat.inForce() == null ? "nothing passes" : "the policy before stays in force";
                seat.keep("labels of identity " + Integer.toUnsignedString(identity) + " are not known yet; " + stays);
                return;
            }
            if (seat.inForce() == null && seat.candidate() == null) {
                adopt(seat, judged, wanted.get().rules(), kernel);
            }
            seat.want(wanted.get(), retry, () -> ids.next(inUse(kernel)), engine.cache(), settings.maxEntries());
        });
    }

    /** A set of an earlier agent that says the same is kept, so that a restart changes nothing. */
    private void adopt(Seat seat, List<Pod> pods, RuleSet rules, InKernel kernel) {
        for (Pod pod : pods) {
            Optional<PolicyRef> before = observed(pod);
            if (before.isEmpty()) {
                continue;
            }
            int id = before.get().id();
            if (rules.isNone() != (id == 0) || seats.values().stream().anyMatch(other -> uses(other, id))) {
                continue;
            }
            PolicySet set = new PolicySet(id, rules, settings.maxEntries());
            set.compute(engine.cache());
            if (before.get().equals(set.ref())
                    && !set.isTooLarge()
                    && kernel.entries(id).equals(set.entries())) {
                old.takeBack(id);
                seat.takeOver(set);
                return;
            }
        }
    }

    private static boolean uses(Seat seat, int id) {
        PolicySet set = seat.inForce();
        return id != 0 && set != null && set.id() == id;
    }

    /**
     * Decides who is judged by what, by which entries are in the kernel now.
     *
     * @param policies entries in the kernel by policy
     * @param refused entries it did not take, with the reason
     */
    public void settle(Map<Integer, Map<PolicyKey, PolicyEntry>> policies, Map<Object, String> refused) {
        if (!ready) {
            return;
        }
        for (Seat seat : seats.values()) {
            Optional.ofNullable(seat.settle(policies, refused)).ifPresent(set -> old.add(set, round));
        }
        publish();
    }

    /** What judges a pod. Without a policy that is known to be right the one before stays; without one nothing passes. */
    public PolicyRef of(Pod pod) {
        if (settings.enforcement() == PolicySettings.Enforcement.NEVER) {
            return PolicyRef.NONE;
        }
        Seat seat = ready ? seats.get(pod.identity().value()) : null;
        PolicySet set = seat == null ? null : seat.inForce();
        return set == null ? observed(pod).orElse(new PolicyRef(0, true, true, settings.audit())) : set.ref();
    }

    private Optional<PolicyRef> observed(Pod pod) {
        PodInterface before = interfaces.get(pod.ifindex());
        return before == null || before.id() != pod.id() ? Optional.empty() : Optional.of(before.policy());
    }

    /** The entries that should be in the kernel, by policy. Parts that did not change are the same objects as before. */
    public Map<Integer, Map<PolicyKey, PolicyEntry>> entries() {
        if (!ready) {
            return unsettled;
        }
        Map<Integer, Map<PolicyKey, PolicyEntry>> all = new HashMap<>();
        old.addEntries(all);
        for (Seat seat : seats.values()) {
            Optional.ofNullable(seat.inForce()).ifPresent(set -> put(set, all));
            Optional.ofNullable(seat.written()).ifPresent(set -> put(set, all));
        }
        return all;
    }

    private static void put(PolicySet set, Map<Integer, Map<PolicyKey, PolicyEntry>> into) {
        if (!set.entries().isEmpty()) {
            into.put(set.id(), set.entries());
        }
    }

    /** Identities only this node knows, by the prefix that has it. */
    public Map<Cidr, Integer> prefixes() {
        return ready ? engine.prefixes() : unsettledPrefixes;
    }

    /** Why an identity is not judged as it should be, by its number. */
    public Map<Integer, String> errors() {
        Map<Integer, String> errors = new TreeMap<>(Integer::compareUnsigned);
        seats.forEach((identity, seat) -> {
            if (!seat.error().isEmpty()) {
                errors.put(identity, seat.error());
            }
        });
        return errors;
    }

    /**
     * Ends a round.
     *
     * @return the number to give to {@link #sweep} a moment later, when something waits to be removed
     */
    public Optional<Long> finish(InKernel kernel) {
        sweepUpTo = -1;
        boolean waiting = !kernel.referenced().containsAll(old.ids()) || engine.isLeaving(kernel);
        return waiting ? Optional.of(round) : Optional.empty();
    }

    /** Has the next round remove what was waiting at the end of a round. */
    public void sweep(long upTo) {
        sweepUpTo = upTo;
    }

    /** How things stand. Any thread. */
    public PolicyView view() {
        return view;
    }

    private void publish() {
        Map<Integer, PolicyView.Judged> judged = new HashMap<>();
        seats.forEach((identity, seat) -> {
            PolicySet set = seat.inForce();
            judged.put(
                    identity,
                    new PolicyView.Judged(
                            set == null ? new PolicyRef(0, true, true, settings.audit()) : set.ref(),
                            set == null ? 0 : set.entries().size(),
                            seat.policies().stream().map(PolicyName::toString).toList(),
                            seat.error()));
        });
        view = new PolicyView(Map.copyOf(judged), engine.ruleTexts(), engine.prefixes());
    }

    private Set<Integer> live() {
        Set<Integer> live = new HashSet<>(old.ids());
        for (Seat seat : seats.values()) {
            Optional.ofNullable(seat.inForce()).ifPresent(set -> live.add(set.id()));
            Optional.ofNullable(seat.candidate()).ifPresent(set -> live.add(set.id()));
        }
        return live;
    }

    private Set<Integer> inUse(InKernel kernel) {
        Set<Integer> used = live();
        used.addAll(kernel.policies().keySet());
        used.addAll(kernel.referenced());
        return used;
    }

    /** Notes the peers of sets that judge somebody, or may soon, when they are others than before. */
    private void lookAtSets() {
        Set<PolicySet> sets = new HashSet<>(old.own());
        for (Seat seat : seats.values()) {
            Optional.ofNullable(seat.inForce()).ifPresent(sets::add);
            Optional.ofNullable(seat.candidate()).ifPresent(sets::add);
        }
        if (!sets.equals(lastSets)) {
            Set<Peer> peers = new HashSet<>();
            sets.forEach(set -> peers.addAll(set.peers()));
            engine.cache().keep(peers);
            judging = peers;
            lastSets = sets;
        }
    }
}
