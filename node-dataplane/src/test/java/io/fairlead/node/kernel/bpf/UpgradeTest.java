package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.datapath.UpgradedLinks;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.LocalEndpoint;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.bpf.Compiled.Change;
import io.fairlead.node.kernel.bpf.Steady.Flow;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An agent whose maps have another layout than those of the agent before takes over without losing a packet. */
@Tag("root")
class UpgradeTest {
    /** As an older agent might have had them: smaller tables, fields that are gone. */
    private static final List<Change> OLDER = List.of(
            new Change("lib/abi.h", "struct endpoint {\n", "struct endpoint {\n\t__u32 gone[2];\n"),
            new Change("lib/abi.h", "sizeof(struct endpoint) == 40", "sizeof(struct endpoint) == 48"),
            new Change("lib/abi.h", "struct interface {\n", "struct interface {\n\t__u32 gone[2];\n"),
            new Change("lib/abi.h", "sizeof(struct interface) == 56", "sizeof(struct interface) == 64"),
            new Change("lib/maps.h", "max_entries, 512000", "max_entries, 1000"),
            new Change("lib/maps.h", "max_entries, 524288", "max_entries, 2048"));

    @Test
    void mapsOfAnotherLayoutAreReplacedUnderTrafficWithoutLoss() throws Exception {
        BpfSpec older = Compiled.by("clang-14", OLDER);
        try (Machine one = new Machine(1, older);
                Machine two = new Machine(2)) {
            Machine.connect(one, two);
            one.start(2);
            Namespace a = one.addPod("a", 10);
            one.addPod("b", 11);
            one.addPod("c", 12);
            onlyAMayAskB(one, older);
            BpfSpec spec = BpfSpec.datapath();
            DatapathConfig config = new DatapathConfig(
                    Optional.of(Machine.pod4(1, 1)),
                    Optional.of(Machine.pod6(1, 1)),
                    one.namespace.ifindex("fl_host"),
                    Mac.parse(one.namespace.mac("fl_host")));
            try (Steady steady = Steady.start(10_000, flows(one));
                    BpfObject next = BpfObject.load(spec, config, one.root)) {
                assertThat(next.upgrade().maps())
                        .contains("endpoints", "interfaces", "ipcache", "ct4_tcp", "nat6")
                        .doesNotContain("metrics", "policies");
                UpgradedLinks links = new UpgradedLinks(one.links, next.upgrade());
                Map<Hook, Attachment> wanted = wanted(one, next);
                assertThat(one.namespace.run(() -> links.upsert(wanted)))
                        .as("held until the maps are filled")
                        .containsOnlyKeys(wanted.keySet())
                        .allSatisfy((hook, failure) -> assertThat(failure).hasMessageContaining("until the new maps"));
                assertThat(links.load()).isNotEqualTo(wanted);
                refill(one, next, spec);
                one.namespace.run(() -> {
                    links.release();
                    return null;
                });
                assertThat(links.isReleased()).isTrue();
                assertThat(links.load()).isEqualTo(wanted);
                one.stopAgent();
                steady.end();
            }
            try (BpfObject again = BpfObject.load(spec, config, one.root)) {
                assertThat(again.upgrade().isEmpty()).as("pins moved").isTrue();
                assertThat(new EndpointMap(spec, again.map("endpoints")).load()).containsKey(Machine.pod4(1, 10));
            }
            assertThat(a.in("ping -n -q -c 20 -i 0.01 10.244.1.11")).contains("20 received");
        }
    }

    /** Also in the maps to come, which a policy's id is all they have of it. */
    private static void onlyAMayAskB(Machine machine, BpfSpec older) {
        assertThat(new PolicyMap(older, machine.object().map("policies"))
                        .upsert(Map.of(new PolicyKey(7, true, 1010, 0, 0, 0), new PolicyEntry(false, 1))))
                .isEmpty();
        EndpointMap endpoints = new EndpointMap(older, machine.object().map("endpoints"));
        Map<Ip, LocalEndpoint> judged = new HashMap<>(endpoints.load());
        judged.keySet().retainAll(List.of(Machine.pod4(1, 11), Machine.pod6(1, 11)));
        judged.replaceAll((ip, b) -> new LocalEndpoint(
                b.ifindex(),
                b.id(),
                b.host(),
                b.identity(),
                new PolicyRef(7, true, false, false),
                b.mac(),
                b.nodeMac()));
        assertThat(judged).hasSize(2);
        assertThat(endpoints.upsert(judged)).isEmpty();
    }

    private static List<Flow> flows(Machine machine) {
        String b = machine.pods.get("b").name();
        return List.of(
                new Flow(true, machine.pods.get("a").name(), Machine.pod4(1, 10), 7001, b, Machine.pod4(1, 11), 7002),
                new Flow(true, machine.pods.get("a").name(), Machine.pod6(1, 10), 7001, b, Machine.pod6(1, 11), 7002),
                new Flow(false, machine.pods.get("c").name(), Machine.pod4(1, 12), 7003, b, Machine.pod4(1, 11), 7004));
    }

    private static Map<Hook, Attachment> wanted(Machine machine, BpfObject next) {
        Map<Hook, Attachment> wanted = new HashMap<>();
        machine.links.load().forEach((hook, there) -> {
            String program = hook.device().startsWith("lxc")
                    ? hook.direction() == Direction.INGRESS ? "from_container" : "to_container"
                    : hook.device().equals("ens33") ? "from_netdev" : "from_host";
            wanted.put(
                    hook, new Attachment(there.ifindex(), next.program(program).id()));
        });
        return wanted;
    }

    /** What the reconciler does: here from the old agent's maps, read in their own layout. */
    private static void refill(Machine machine, BpfObject next, BpfSpec spec) {
        BpfSpec older = machine.spec;
        assertThat(new EndpointMap(spec, next.map("endpoints"))
                        .upsert(new EndpointMap(older, machine.object().map("endpoints")).load()))
                .isEmpty();
        assertThat(new InterfaceMap(spec, next.map("interfaces"))
                        .upsert(new InterfaceMap(older, machine.object().map("interfaces")).load()))
                .isEmpty();
    }
}
