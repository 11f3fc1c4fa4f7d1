package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.Attachment;
import io.fairlead.node.kernel.Hook.Direction;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is pinned carries packets with no agent, and takes new programs without losing one. */
@Tag("root")
class SurvivalTest {
    @Test
    void packetsFlowWithoutAnAgentAndDuringAnUpgrade() throws Exception {
        try (Machine one = new Machine(1);
                Machine two = new Machine(2)) {
            Machine.connect(one, two);
            one.start(2);
            Namespace a = one.addPod("a", 10);
            one.addPod("b", 11);
            one.stopAgent();
            String gone = a.in("ping -n -q -c 20 -i 0.01 10.244.1.11");
            assertThat(gone).contains("20 received");

            Process running = new ProcessBuilder(
                            "nsenter",
                            "--net=/run/netns/" + a.name(),
                            "ping",
                            "-n",
                            "-q",
                            "-c",
                            "300",
                            "-i",
                            "0.005",
                            "-W",
                            "1",
                            "10.244.1.11")
                    .start();
            DatapathConfig config = new DatapathConfig(
                    Optional.of(Machine.pod4(1, 1)),
                    Optional.of(Machine.pod6(1, 1)),
                    one.namespace.ifindex("fl_host"),
                    Mac.parse(one.namespace.mac("fl_host")));
            int upgrades = 0;
            while (running.isAlive()) {
                try (BpfObject next = BpfObject.load(one.spec, config, one.root)) {
                    one.links.load().forEach((hook, there) -> {
                        String program = hook.device().startsWith("lxc")
                                ? hook.direction() == Direction.INGRESS ? "from_container" : "to_container"
                                : hook.device().equals("ens33") ? "from_netdev" : "from_host";
                        var wanted = new Attachment(
                                there.ifindex(), next.program(program).id());
                        assertThat(one.namespace.run(() -> one.links.upsert(Map.of(hook, wanted))))
                                .isEmpty();
                    });
                }
                upgrades++;
            }
            assertThat(upgrades).isGreaterThan(2);
            assertThat(new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("300 received");
        }
    }
}
