package io.fairlead.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.sandbox.Sandbox.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** A cluster whose packets take the way through the nodes' stacks, and the other modes of policy enforcement on it. */
@Tag("root")
@Timeout(300)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LegacyRoutingTest {
    private static final String POLICY =
            Path.of("sandbox/cni-server.yaml").toAbsolutePath().toString();

    private static Sandbox sandbox;

    @BeforeAll
    static void up() throws IOException {
        sandbox = new Sandbox("l" + ProcessHandle.current().pid());
        sandbox.ok("up", "--etcd", "1", "--replicas", "1", "--config", "enable-bpf-masquerade=false");
    }

    @AfterAll
    static void down() {
        sandbox.close();
    }

    @Test
    @Order(1)
    void theAgentSaysThatAndWhyItFallsBack() {
        String why = "BPF host routing requires enable-bpf-masquerade."
                + " Falling back to legacy host routing (enable-host-legacy-routing=true).";
        assertThat(sandbox.ok("logs", "dev1")).contains(why);
        assertThat(sandbox.ok("fairlead", "dev1", "--", "status"))
                .containsPattern("Host Routing: +Legacy \\(\\Q" + why + "\\E\\)");
    }

    @Test
    @Order(2)
    void everyConnectivityTestPasses() {
        sandbox.passesConnectivityTest();
    }

    @Test
    @Order(3)
    void whatPolicyForbidsIsCarriedAndToldInAuditMode() throws Exception {
        String server = sandbox.podIp("cni-server");
        sandbox.ok("fairlead", "dev1", "--", "policy", "apply", "-f", POLICY);
        assertThat(sandbox.answers("cni-client", server)).isFalse();
        assertThat(sandbox.answers("cni-same", server)).isTrue();

        sandbox.restart("dev3", "policy-audit-mode=true");

        Running monitor = sandbox.begin("fairlead", "dev3", "--", "monitor", "--type", "policy-verdict");
        Sandbox.await(
                "monitor begins", Duration.ofSeconds(10), () -> text(monitor).contains("Listening for events"));
        assertThat(sandbox.answers("cni-client", server)).isTrue();
        Sandbox.await(
                "the verdict is told",
                Duration.ofSeconds(10),
                () -> text(monitor)
                        .contains(
                                "ingress, action audit, match none, " + sandbox.podIp("cni-client") + " -> " + server));
        monitor.process().descendants().forEach(ProcessHandle::destroy);
        monitor.process().destroy();
        sandbox.restart("dev3", "policy-audit-mode=false");
        sandbox.ok("fairlead", "dev1", "--", "policy", "delete", "-f", POLICY);
        assertThat(sandbox.answers("cni-client", server)).isTrue();
    }

    @Test
    @Order(4)
    void alwaysMeansThatWhatNoRuleAllowsIsDropped() throws Exception {
        String server = sandbox.podIp("cni-server");

        sandbox.restart("dev3", "enable-policy=always");

        assertThat(sandbox.run("pod", "exec", "cni-client", "--", "ping", "-c", "1", "-W", "1", server)
                        .exit())
                .isNotZero();
        sandbox.ok("fairlead", "dev1", "--", "policy", "apply", "-f", POLICY);
        assertThat(sandbox.answers("cni-same", server)).isTrue();
        assertThat(sandbox.run("pod", "exec", "cni-client", "--", "ping", "-c", "1", "-W", "1", server)
                        .exit())
                .isNotZero();
    }

    private static String text(Running running) {
        try {
            return running.soFar();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
