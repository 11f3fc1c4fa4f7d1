package io.fairlead.node.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.policy.Policy;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PolicyModelTest {
    private static final List<PolicySettings.Enforcement> ENFORCEMENTS = List.of(
            PolicySettings.Enforcement.DEFAULT,
            PolicySettings.Enforcement.DEFAULT,
            PolicySettings.Enforcement.DEFAULT,
            PolicySettings.Enforcement.ALWAYS,
            PolicySettings.Enforcement.NEVER);
    private static final InKernel NOTHING = new InKernel(Map.of(), Map.of(), Map.of(), Map.of());

    @Test
    void generatedPoliciesJudgeAsTheirRulesSay() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 1500; round++) {
            PolicySettings settings = new PolicySettings(
                    ENFORCEMENTS.get(random.nextInt(ENFORCEMENTS.size())),
                    false,
                    random.nextBoolean() ? PolicySettings.Localhost.ALWAYS : PolicySettings.Localhost.POLICY,
                    PolicySettings.MAX_ENTRIES);
            Cases cases = new Cases(random);
            World world = world(random, cases);
            PolicySwitch policies = new PolicySwitch(settings, random.nextInt());
            compare(policies, world, settings, random, "seed " + seed + " round " + round);
        }
    }

    @Test
    void changesOneByOneEndWhereComputingAllAnewDoes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int run = 0; run < 60; run++) {
            Cases cases = new Cases(random);
            World world = world(random, cases);
            PolicySwitch policies = new PolicySwitch(PolicySettings.DEFAULT, random.nextInt());
            for (int step = 0; step < 25; step++) {
                change(world, random, cases);
                compare(
                        policies,
                        world,
                        PolicySettings.DEFAULT,
                        random,
                        "seed " + seed + " run " + run + " step " + step);
                PolicySwitch fresh = new PolicySwitch(PolicySettings.DEFAULT, random.nextInt());
                round(fresh, world.state());
                if (random.nextInt(4) == 0) {
                    policies.finish(NOTHING).ifPresent(policies::sweep);
                }
            }
        }
    }

    private static void change(World world, Random random, Cases cases) {
        switch (random.nextInt(4)) {
            case 0 -> world.remote(300 + random.nextInt(12), cases.labels());
            case 1 -> {
                int identity = 300 + random.nextInt(12);
                boolean local = world.pods.values().stream()
                        .anyMatch(pod -> pod.identity().value() == identity);
                if (!local) {
                    world.identities.remove(identity);
                    world.peers.remove(World.address(identity).toCidr());
                }
            }
            case 2 -> {
                Policy policy = cases.policy("p" + random.nextInt(6));
                world.policies.put(policy.name(), policy);
            }
            default -> {
                List<Policy> all = new ArrayList<>(world.policies.values());
                if (!all.isEmpty()) {
                    world.policies.remove(all.get(random.nextInt(all.size())).name());
                }
            }
        }
    }

    private static World world(Random random, Cases cases) {
        World world = new World();
        for (int i = 0; i < 8; i++) {
            world.remote(300 + i, cases.labels());
        }
        for (int i = 1; i <= 2; i++) {
            world.local(i, 300 + random.nextInt(8));
        }
        for (int i = random.nextInt(5); i >= 0; i--) {
            Policy policy = cases.policy("p" + i);
            world.policies.put(policy.name(), policy);
        }
        return world;
    }

    private static Map<PolicyKey, PolicyEntry> round(PolicySwitch policies, DesiredState state) {
        policies.prepare(state, NOTHING, false);
        policies.settle(policies.entries(), Map.of());
        Map<PolicyKey, PolicyEntry> flat = new HashMap<>();
        policies.entries().values().forEach(flat::putAll);
        return flat;
    }

    private static void compare(
            PolicySwitch policies, World world, PolicySettings settings, Random random, String where) {
        Map<PolicyKey, PolicyEntry> entries = round(policies, world.state());
        Model model = new Model(settings, world.policies.values());
        Cases cases = new Cases(random);
        for (Pod pod : world.pods.values()) {
            for (Model.Other other : world.others()) {
                for (int i = 0; i < 8; i++) {
                    boolean ingress = random.nextBoolean();
                    int protocol = cases.protocol();
                    int port = cases.port();
                    int identity = other.identity() == 2 ? outside(policies, other.address()) : other.identity();
                    assertThat(Lookup.passes(entries, policies.of(pod), ingress, identity, protocol, port))
                            .as(
                                    "%s: pod %s ingress %s other %s proto %s port %s, %s",
                                    where, pod, ingress, other, protocol, port, world.policies.values())
                            .isEqualTo(
                                    model.passes(world.labels(pod.identity().value()), ingress, other, protocol, port));
                }
            }
        }
    }

    /** The identity the ipcache gives an address of the world: the longest prefix's. */
    private static int outside(PolicySwitch policies, Ip address) {
        return policies.prefixes().entrySet().stream()
                .filter(entry -> entry.getKey().contains(address))
                .max(java.util.Comparator.comparingInt(
                        (Map.Entry<Cidr, Integer> entry) -> entry.getKey().prefixLength()))
                .map(Map.Entry::getValue)
                .orElse(2);
    }
}
