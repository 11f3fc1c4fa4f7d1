package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.policy.DirectionRule;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.Ports;
import io.fairlead.contract.policy.Rule;
import io.fairlead.contract.policy.Selector;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.policy.RuleSet.Line;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which rules judge an identity of this node, and who the peers are that they name.
 *
 * <p>Pure: changes of one identity or policy cost what they touch. Used by the reconciler's thread only.
 */
final class PolicyEngine {
    private static final String OPEN_TEXT = "the rest passes (no default deny)";
    private static final String LOCALHOST_TEXT = "reserved:host reaches the node's own pods (allow-localhost)";

    private final PolicySettings settings;
    private final SelectorCache cache = new SelectorCache();
    private final CidrIdentities cidrs = new CidrIdentities();
    private final RuleNumbers numbers = new RuleNumbers();
    private final TreeMap<PolicyName, Compiled> compiled = new TreeMap<>(); // owned by: reconciler
    private final Map<Integer, Wanted> wanted = new HashMap<>(); // owned by: reconciler
    private final Map<Cidr, Long> leaving = new HashMap<>(); // owned by: reconciler
    private Map<Integer, List<String>> identities = Map.of(); // owned by: reconciler
    private Map<PolicyName, Policy> policies = Map.of(); // owned by: reconciler
    private Set<Peer> lastJudging = Set.of(); // owned by: reconciler
    private Map<Cidr, Integer> named = Map.of(); // owned by: reconciler

    private record Compiled(Policy policy, List<CompiledRule> rules) {}

    private record CompiledRule(Rule rule, List<Line> lines) {}

    /**
     * What is to judge an identity.
     *
     * @param rules what
     * @param policies whose rules they are
     */
    record Wanted(RuleSet rules, List<PolicyName> policies) {}

    PolicyEngine(PolicySettings settings) {
        this.settings = settings;
    }

    SelectorCache cache() {
        return cache;
    }

    /** Texts of rules by their number: "CiliumNetworkPolicy default/web ingress[0]". */
    Map<Integer, String> ruleTexts() {
        return numbers.texts();
    }

    /** The prefixes that policies name now, each with its identity. The whole of a family stays the world. */
    Map<Cidr, Integer> prefixes() {
        return named;
    }

    /** Takes over the prefixes' identities of an earlier agent; those no policy names are about to leave. */
    Map<Peer, Set<Integer>> adopt(Map<Cidr, Integer> earlier, long round) {
        cidrs.adopt(earlier);
        Map<Integer, Identity> known = new HashMap<>();
        for (Cidr prefix : cidrs.prefixes()) {
            if (!named.containsKey(prefix)) {
                leaving.put(prefix, round);
                known.put(cidrs.of(prefix), Identity.of(prefix, cidrs.of(prefix)));
            }
        }
        return cache.change(known, Set.of());
    }

    /**
     * Takes in what is said now.
     *
     * @param judging peers of rules that judge somebody, wanted or not: their prefixes keep their identities
     * @return the peers that are now other identities, with those
     */
    Map<Peer, Set<Integer>> update(DesiredState state, Set<Peer> judging, long round) {
        Map<Integer, Identity> upserts = new HashMap<>();
        Set<Integer> removed = new HashSet<>();
        if (state.policies() != policies || judging != lastJudging) {
            if (state.policies() != policies) {
                compile(state.policies());
                wanted.clear();
            }
            name(judging, upserts, round);
            policies = state.policies();
            lastJudging = judging;
        }
        follow(state.identities(), upserts, removed);
        wanted.keySet().removeIf(id -> upserts.containsKey(id) || removed.contains(id));
        return upserts.isEmpty() && removed.isEmpty() ? Map.of() : cache.change(upserts, removed);
    }

    private void follow(
            Map<Integer, List<String>> newIdentities, Map<Integer, Identity> upserts, Set<Integer> removed) {
        if (newIdentities != identities) {
            newIdentities.forEach((id, labels) -> {
                if (!labels.equals(identities.get(id)) && !CidrIdentities.isLocal(id)) {
                    upserts.put(id, Identity.of(id, labels));
                }
            });
            identities.keySet().forEach(id -> {
                if (!newIdentities.containsKey(id)) {
                    Identity reserved = Identity.RESERVED_ONES.get(id);
                    var unused = reserved == null ? removed.add(id) : upserts.put(id, reserved);
                }
            });
            identities = newIdentities;
        }
    }

    /** Forgets prefixes' identities that left up to a round and that the kernel has no more. */
    Map<Peer, Set<Integer>> forget(long upTo, InKernel kernel) {
        Set<Integer> removed = new HashSet<>();
        leaving.entrySet().removeIf(entry -> {
            boolean gone = entry.getValue() <= upTo && !isInKernel(entry.getKey(), kernel);
            if (gone) {
                int id = cidrs.of(entry.getKey());
                cidrs.release(entry.getKey());
                removed.add(id);
            }
            return gone;
        });
        return removed.isEmpty() ? Map.of() : cache.change(Map.of(), removed);
    }

    /** Whether prefixes' identities wait to be forgotten that the kernel has no more. */
    boolean isLeaving(InKernel kernel) {
        return leaving.keySet().stream().anyMatch(prefix -> !isInKernel(prefix, kernel));
    }

    private boolean isInKernel(Cidr prefix, InKernel kernel) {
        IpcacheEntry entry = kernel.ipcache().get(prefix);
        return entry != null && entry.identity().value() == cidrs.of(prefix);
    }

    /** What is to judge an identity; empty when its labels are not known and matter. */
    Optional<Wanted> wanted(int identity) {
        Wanted known = wanted.get(identity);
        if (known == null) {
            if (settings.enforcement() == PolicySettings.Enforcement.NEVER) {
                known = new Wanted(RuleSet.NONE, List.of());
            } else {
                Identity labelled = cache.identity(identity);
                if (labelled == null && !compiled.isEmpty()) {
                    return Optional.empty();
                }
                known = select(labelled == null ? Identity.of(identity, List.of()) : labelled);
            }
            wanted.put(identity, known);
        }
        return Optional.of(known);
    }

    private Wanted select(Identity subject) {
        boolean ingress = settings.enforcement() == PolicySettings.Enforcement.ALWAYS;
        boolean egress = ingress;
        List<Line> lines = new ArrayList<>();
        List<PolicyName> names = new ArrayList<>();
        for (Map.Entry<PolicyName, Compiled> policy : compiled.entrySet()) {
            boolean selected = false;
            for (CompiledRule compiledRule : policy.getValue().rules()) {
                Rule rule = compiledRule.rule();
                if (rule.subject().selects(subject.labels())) {
                    selected = true;
                    ingress |= rule.enforcesIngress();
                    egress |= rule.enforcesEgress();
                    lines.addAll(compiledRule.lines());
                }
            }
            if (selected) {
                names.add(policy.getKey());
            }
        }
        // programs look at rules only where something is enforced: who only denies lets the rest through by a rule
        ingress |= !ingress && letsRestThrough(lines, true);
        egress |= !egress && letsRestThrough(lines, false);
        if (ingress && settings.localhost() == PolicySettings.Localhost.ALWAYS) {
            Peer host = new Peer.Named(Peer.Entity.HOST);
            lines.add(new Line(numbers.of(LOCALHOST_TEXT), true, false, false, List.of(host), List.of(PortBlock.ANY)));
        }
        RuleSet rules = new RuleSet(lines, ingress, egress, settings.audit());
        return new Wanted(rules.isNone() ? RuleSet.NONE : rules, List.copyOf(names));
    }

    private boolean letsRestThrough(List<Line> lines, boolean ingress) {
        boolean denies = lines.stream().anyMatch(line -> line.deny() && line.ingress() == ingress);
        if (denies) {
            int open = numbers.of(OPEN_TEXT);
            lines.add(new Line(open, ingress, false, true, List.of(), List.of(PortBlock.ANY)));
        }
        return denies;
    }

    private void compile(Map<PolicyName, Policy> newPolicies) {
        compiled.keySet().retainAll(newPolicies.keySet());
        newPolicies.forEach((name, policy) -> {
            Compiled before = compiled.get(name);
            if (before == null || !before.policy().equals(policy)) {
                compiled.put(name, compile(policy));
            }
        });
    }

    private Compiled compile(Policy policy) {
        List<CompiledRule> rules = new ArrayList<>();
        for (int i = 0; i < policy.rules().size(); i++) {
            Rule rule = policy.rules().get(i);
            String text = policy.name() + (policy.rules().size() == 1 ? " " : " specs[" + i + "].");
            List<Line> lines = new ArrayList<>();
            add(rule.ingress(), true, text + "ingress", lines);
            add(rule.egress(), false, text + "egress", lines);
            rules.add(new CompiledRule(rule, List.copyOf(lines)));
        }
        return new Compiled(policy, List.copyOf(rules));
    }

    private void add(List<DirectionRule> rules, boolean ingress, String text, List<Line> lines) {
        int allowed = 0;
        int denied = 0;
        for (DirectionRule rule : rules) {
            String number = rule.deny() ? "Deny[" + denied++ + "]" : "[" + allowed++ + "]";
            List<Peer> peers = rule.peers().stream()
                    .filter(peer -> !(peer instanceof Peer.Nobody))
                    .distinct()
                    .toList();
            boolean everybody = rule.peers().isEmpty() || peers.stream().anyMatch(PolicyEngine::isEverybody);
            List<Ports> ports = rule.ports().isEmpty() ? List.of(Ports.ANY) : rule.ports();
            List<PortBlock> blocks = ports.stream()
                    .flatMap(p -> PortBlock.of(p).stream())
                    .distinct()
                    .toList();
            lines.add(new Line(
                    numbers.of(text + number), ingress, rule.deny(), everybody, everybody ? List.of() : peers, blocks));
        }
    }

    private static boolean isEverybody(Peer peer) {
        return (peer instanceof Peer.Named entity && entity.entity() == Peer.Entity.ALL)
                || (peer instanceof Peer.Labelled labelled
                        && labelled.selector().equals(Selector.ALL));
    }

    /** Gives every prefix that a policy names, and every one it excepts, an identity. */
    private void name(Set<Peer> judging, Map<Integer, Identity> upserts, long round) {
        Map<Cidr, Integer> names = new HashMap<>();
        judging.forEach(peer -> name(peer, names));
        for (Compiled policy : compiled.values()) {
            policy.rules().stream()
                    .flatMap(rule -> rule.lines().stream())
                    .flatMap(line -> line.peers().stream())
                    .forEach(peer -> name(peer, names));
        }
        names.keySet().removeIf(prefix -> prefix.prefixLength() == 0);
        names.replaceAll((prefix, none) -> cidrs.of(prefix));
        names.forEach((prefix, id) -> {
            boolean stayed = leaving.remove(prefix) != null;
            if (!stayed && !Objects.equals(named.get(prefix), id)) {
                upserts.put(id, Identity.of(prefix, id));
            }
        });
        for (Cidr prefix : named.keySet()) {
            if (!names.containsKey(prefix)) {
                leaving.put(prefix, round);
            }
        }
        named = Map.copyOf(names);
    }

    private static void name(Peer peer, Map<Cidr, Integer> names) {
        if (peer instanceof Peer.Prefix range) {
            names.put(range.cidr(), 0);
            range.except().forEach(except -> names.put(except, 0));
        }
    }
}
