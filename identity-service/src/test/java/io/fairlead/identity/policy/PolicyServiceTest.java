package io.fairlead.identity.policy;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.PolicyName.Kind;
import io.fairlead.identity.policy.Nodes.Progress;
import io.fairlead.identity.policy.PolicyService.Change;
import io.fairlead.identity.policy.PolicyService.Filter;
import io.fairlead.identity.policy.PolicyService.Outcome;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Policies in a store. */
class PolicyServiceTest {
    private static final Filter ALL = new Filter(Optional.empty(), "", "");

    private final Vertx vertx = Vertx.vertx();
    private final MemoryKvStore memory = new MemoryKvStore();
    private long now = 1000;

    @AfterEach
    void stop() {
        memory.close();
        await(vertx.close());
    }

    private PolicyService service(KvStore store) {
        Nodes nobody = (revision, wait) -> Future.succeededFuture(new Progress(0, List.of()));
        return new PolicyService(store, nobody, Timers.of(vertx), () -> now, vertx::executeBlocking, new PolicySizes());
    }

    static String policy(String name, String app) {
        return """
                apiVersion: cilium.io/v2
                kind: CiliumNetworkPolicy
                metadata: {name: %s}
                spec: {endpointSelector: {matchLabels: {app: %s}}, ingress: [{}]}
                ---
                """.formatted(name, app);
    }

    private static PolicyName cnp(String name) {
        return new PolicyName(Kind.CILIUM_NETWORK_POLICY, "default", name);
    }

    private static List<Outcome> outcomes(Change change) {
        return change.policies().stream().map(PolicyService.Applied::outcome).toList();
    }

    @Test
    void morePoliciesThanThereIsRoomForAreRefused() {
        PolicySizes sizes = new PolicySizes();
        Nodes nobody = (revision, wait) -> Future.succeededFuture(new Progress(0, List.of()));
        PolicyService service =
                new PolicyService(memory, nobody, Timers.of(vertx), () -> now, vertx::executeBlocking, sizes);
        sizes.put(cnp("web"), (int) PolicySizes.MAX_BYTES);
        assertThatThrownBy(() -> await(service.apply(policy("other", "a"), Duration.ZERO)))
                .isInstanceOf(PolicyException.class)
                .hasMessageMatching(
                        "policies: 335[0-9]+ bytes with those in force \\(expected: at most 33554432; delete"
                                + " some first\\)");
        // what is replaced makes room
        assertThat(outcomes(await(service.apply(policy("web", "a"), Duration.ZERO))))
                .containsExactly(Outcome.CREATED);
        sizes.remove(cnp("web"));
        assertThat(sizes.total()).isZero();
        await(service.apply(policy("other", "a"), Duration.ZERO));
    }

    @Test
    void applyCreatesConfiguresAndLeavesUnchangedInOneRevision() {
        roundTrip(memory);
    }

    @Test
    @Tag("etcd")
    void applyDoesTheSameOnEtcd() {
        try (EtcdProcess etcd = EtcdProcess.start();
                KvStore store = new EtcdKvStore(EtcdOptions.of(List.of("http://" + etcd.endpoint())))) {
            roundTrip(store);
            // as many as one apply may have
            StringBuilder many = new StringBuilder();
            for (int i = 0; i < PolicyDocuments.MAX_POLICIES; i++) {
                many.append(policy("many" + i, "x"));
            }
            PolicyService service = service(store);
            Change change = await(service.apply(many.toString(), Duration.ZERO));
            assertThat(outcomes(change)).hasSize(128).containsOnly(Outcome.CREATED);
            List<PolicyName> names =
                    change.policies().stream().map(PolicyService.Applied::name).toList();
            await(service.delete(names, Duration.ZERO));
            assertThat(await(service.get(List.of())).policies()).isEmpty();
        }
    }

    private void roundTrip(KvStore store) {
        PolicyService service = service(store);
        Change first = await(service.apply(policy("a", "x") + policy("b", "x"), Duration.ZERO));
        assertThat(outcomes(first)).containsExactly(Outcome.CREATED, Outcome.CREATED);
        assertThat(await(store.list(PolicyKeys.PREFIX)).entries())
                .extracting(KeyValue::key)
                .containsExactly(
                        "fairlead/policy/v1/CiliumNetworkPolicy/default/a",
                        "fairlead/policy/v1/CiliumNetworkPolicy/default/b");
        assertThat(await(store.list(PolicyKeys.PREFIX)).entries())
                .extracting(KeyValue::modRevision)
                .containsOnly(first.revision());
        now = 2000;
        Change second = await(service.apply(policy("a", "x") + policy("b", "y") + policy("c", "x"), Duration.ZERO));
        assertThat(outcomes(second)).containsExactly(Outcome.UNCHANGED, Outcome.CONFIGURED, Outcome.CREATED);
        assertThat(await(service.get(List.of(ALL))).policies())
                .extracting(kept ->
                        kept.name().name() + " " + kept.createdMs() + " " + (kept.revision() == second.revision()))
                .containsExactly("a 1000 false", "b 1000 true", "c 2000 true");
        Change third = await(service.apply(policy("a", "x"), Duration.ZERO));
        assertThat(outcomes(third)).containsExactly(Outcome.UNCHANGED);
        assertThat(third.revision()).isEqualTo(first.revision());
        // all or none
        assertThatThrownBy(() -> await(service.delete(List.of(cnp("a"), cnp("x"), cnp("y")), Duration.ZERO)))
                .hasMessage("CiliumNetworkPolicy default/x: not found (expected: a policy that exists)\n"
                        + "CiliumNetworkPolicy default/y: not found (expected: a policy that exists)");
        assertThat(await(service.get(List.of())).policies()).hasSize(3);
        PolicyName short0 = new PolicyName(Kind.CILIUM_NETWORK_POLICY, "", "a");
        await(service.delete(List.of(short0, cnp("a"), cnp("b"), cnp("c")), Duration.ZERO));
        assertThat(await(service.get(List.of())).policies()).isEmpty();
    }

    @Test
    void whatIsWrongOrOnlyCheckedIsNotStored() {
        PolicyService service = service(memory);
        assertThat(outcomes(await(service.validate(policy("a", "x"))))).containsExactly(Outcome.VALID);
        assertThatThrownBy(() -> await(service.apply(policy("a", "x") + policy("b", "-"), Duration.ZERO)))
                .hasMessageStartingWith("document 2 (CiliumNetworkPolicy default/b): ");
        assertThatThrownBy(() -> await(service.delete(List.of(), Duration.ZERO)))
                .hasMessage("names: none (expected: at least one policy)");
        assertThat(await(memory.list(PolicyKeys.PREFIX)).entries()).isEmpty();
    }

    @Test
    void filtersAreByKindNamespaceAndName() {
        PolicyService service = service(memory);
        String other = policy("a", "x").replace("{name: a}", "{name: a, namespace: prod}");
        String wide = "{apiVersion: cilium.io/v2, kind: CiliumClusterwideNetworkPolicy, metadata: {name: a}, spec:"
                + " {endpointSelector: {}, ingress: [{}]}}";
        await(service.apply(policy("a", "x") + other + policy("b", "x") + wide, Duration.ZERO));
        assertThat(await(service.get(List.of(new Filter(Optional.empty(), "prod", ""))))
                        .policies())
                .hasSize(1);
        assertThat(await(service.get(List.of(new Filter(Optional.empty(), "", "a"))))
                        .policies())
                .hasSize(3);
        Filter wideOnes = new Filter(Optional.of(Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY), "", "");
        assertThat(await(service.get(List.of(wideOnes))).policies()).hasSize(1);
    }

    @Test
    void anUnreadableEntryHidesNoOther() {
        PolicyService service = service(memory);
        await(service.apply(policy("a", "x"), Duration.ZERO));
        await(memory.commit(Txn.of(
                Op.put(PolicyKeys.PREFIX + "CiliumNetworkPolicy/default/broken", "{"),
                Op.put(PolicyKeys.PREFIX + "Nonsense/x", "{\"document\": {}}"))));
        assertThat(await(service.get(List.of())).policies()).hasSize(1);
        // applying over it repairs it
        assertThat(outcomes(await(service.apply(policy("broken", "x"), Duration.ZERO))))
                .containsExactly(Outcome.CONFIGURED);
        assertThat(await(service.get(List.of())).policies()).hasSize(2);
    }

    @Test
    void appliesAtTheSameTimeEndAsIfOneAfterTheOther() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            List<Future<Change>> racing = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                String app = "v" + random.nextInt(100);
                racing.add(service(memory).apply(policy("a", app) + policy("b", app), Duration.ZERO));
            }
            racing.forEach(change -> await(change));
            TreeMap<String, String> apps = new TreeMap<>();
            await(service(memory).get(List.of()))
                    .policies()
                    .forEach(kept -> apps.put(
                            kept.name().name(), kept.document().replaceAll(".*\"app\":\"(v[0-9]+)\".*", "$1")));
            assertThat(apps.get("a")).as("seed %d", seed).startsWith("v").isEqualTo(apps.get("b"));
        }
    }
}
