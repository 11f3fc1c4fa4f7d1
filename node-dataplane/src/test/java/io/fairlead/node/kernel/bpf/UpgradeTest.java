package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Mac;
import io.fairlead.node.datapath.UpgradedLinks;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import io.fairlead.node.kernel.bpf.Compiled.Change;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
            BpfSpec spec = BpfSpec.datapath();
            Process ping = ping(a);
            DatapathConfig config = new DatapathConfig(
                    Optional.of(Machine.pod4(1, 1)),
                    Optional.of(Machine.pod6(1, 1)),
                    one.namespace.ifindex("fl_host"),
                    Mac.parse(one.namespace.mac("fl_host")));
            try (BpfObject next = BpfObject.load(spec, config, one.root)) {
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
                assertThat(ping.isAlive()).as("traffic throughout").isTrue();
                one.namespace.run(() -> {
                    links.release();
                    return null;
                });
                assertThat(ping.isAlive()).as("traffic throughout").isTrue();
                assertThat(links.isReleased()).isTrue();
                assertThat(links.load()).isEqualTo(wanted);
                one.stopAgent();
                assertThat(output(ping)).contains("400 received");
            }
            try (BpfObject again = BpfObject.load(spec, config, one.root)) {
                assertThat(again.upgrade().isEmpty()).as("pins moved").isTrue();
                assertThat(new EndpointMap(spec, again.map("endpoints")).load()).containsKey(Machine.pod4(1, 10));
            }
            assertThat(a.in("ping -n -q -c 20 -i 0.01 10.244.1.11")).contains("20 received");
        }
    }

    private static Process ping(Namespace from) throws IOException {
        return new ProcessBuilder(
                        "nsenter",
                        "--net=/run/netns/" + from.name(),
                        "ping",
                        "-n",
                        "-q",
                        "-c",
                        "400",
                        "-i",
                        "0.01",
                        "-W",
                        "1",
                        "10.244.1.11")
                .start();
    }

    private static String output(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
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
