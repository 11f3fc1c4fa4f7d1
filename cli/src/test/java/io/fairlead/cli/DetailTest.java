package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.cli.client.FakeAgent;
import io.fairlead.cli.client.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DetailTest {
    @TempDir
    private Path directory;

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = new FakeAgent(directory.resolve("agent.sock"));
        Samples.all().forEach(agent::answer);
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"149", "container-id:4f2a", "ipv4:10.244.0.25", "pod-name:default:cni-same"})
    void anEndpointIsFoundByEachOfItsNames(String name) {
        assertThat(run("endpoint", "get", name).out())
                .isEqualTo(run("endpoint", "get", "149").out());
        assertThat(run("endpoint", "log", name).code()).isZero();
    }

    @Test
    void anEndpointIsFoundByItsIpv6Address() {
        assertThat(run("endpoint", "get", "ipv6:fd00::66").out()).contains("\"id\" : 2073", "audit-egress");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"endpoint get 7", "endpoint log ipv4:10.9.9.9", "identity get 999", "identity get --label x:y"})
    void whatTheNodeDoesNotKnowIsOneLineAndFails(String line) {
        CommandRun run = run(line.split(" "));
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("fairlead: ").endsWith(": not known on this node\n");
    }

    @Test
    void identitiesAreFoundByAllTheirLabels() {
        String one = run("identity", "get", "11575").out();
        assertThat(run("identity", "get", "--label", "k8s:app=cni-same").out()).isEqualTo(one);
        assertThat(run(
                                "identity",
                                "get",
                                "--label",
                                "k8s:app=cni-same",
                                "--label",
                                "k8s:io.kubernetes.pod.namespace=default")
                        .out())
                .isEqualTo(one);
        assertThat(run("identity", "get", "--label", "k8s:app=cni-same", "--label", "k8s:app=x")
                        .code())
                .isEqualTo(1);
        assertThat(run("identity", "get", "4294967295").out()).contains("4294967295   cidr:192.0.2.1/32");
    }

    @Test
    void succinctHealthIsALineANode() {
        assertThat(run("health", "status", "--probe", "--succinct").out()).isEqualTo("""
                Probe time:   2022-01-19T06:44:27Z
                Nodes:
                  Name               IP             Node        Endpoints
                  dev1 (localhost)   192.168.2.31   reachable   reachable
                  dev2               192.168.2.32   reachable   reachable
                  dev3               192.168.2.33   reachable   unreachable
                  dev4               192.168.2.34   unknown     unknown
                """);
    }

    @Test
    void verboseHealthHasEveryAddressAndTime() {
        assertThat(run("health", "status", "--verbose").out())
                .contains(
                        "Host connectivity to fd02::32:\n      ICMP to stack:   OK, RTT=1.04ms (probed 2022-01-19T06:44:27Z)");
        assertThat(run("health", "status").out()).doesNotContain("fd02::32");
    }

    @Test
    void verboseStatusHasTheDetailsUnderTheirLines() {
        assertThat(run("status", "--verbose").out())
                .contains("Clock Source for BPF:           ktime\nController Status: ")
                .contains("KubeProxyReplacement Details:\n  Status:   Disabled\n")
                .containsPattern("(?m)^BPF Maps: +dynamic sizing: on \\(ratio: 0.002500\\)$")
                .contains("  ipcache   512000\n");
        assertThat(run("status").out()).doesNotContain("BPF Maps", "Clock Source", "Details");
    }

    private CommandRun run(String... args) {
        return CommandRun.of(
                Map.of("FAIRLEAD_SOCKET", directory.resolve("agent.sock").toString()), args);
    }
}
