package io.fairlead.node.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The agent as a process, with configurations that cannot be. */
class AgentMainTest {
    @Test
    void aMissingNativeCidrEndsTheProcessWithTheWholeLine() throws Exception {
        assertThat(run("--node-name=dev1"))
                .contains("level=fatal msg=\"Error while creating daemon\" error=\"invalid daemon configuration: native"
                        + " routing cidr must be configured with option --native-routing-cidr in combination with"
                        + " --masquerade --tunnel=disabled --ipam=cluster-pool --enable-ipv4=true\" subsys=daemon");
    }

    @Test
    void mistakesOfSeveralKeysTogetherAreToldAtOnce() throws Exception {
        assertThat(run(
                        "--node-name=dev1",
                        "--masquerade=false",
                        "--enable-ipv6-masquerade=false",
                        "--enable-bpf-masquerade=true",
                        "--enable-ip-masq-agent=true"))
                .contains("BPF ip-masq-agent requires --masquerade=\"true\" and --enable-bpf-masquerade=\"true\"")
                .contains("enable-bpf-masquerade: true (expected: false, or");
    }

    private static String run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                AgentMain.class.getName(),
                "--health-listen-address=127.0.0.1:0"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isEqualTo(1);
        return output;
    }
}
