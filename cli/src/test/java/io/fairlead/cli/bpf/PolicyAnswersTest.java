package io.fairlead.cli.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.cli.client.FakeAgent;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.BpfPolicyEntry;
import io.fairlead.proto.agent.v1.Endpoint;
import io.fairlead.proto.agent.v1.EndpointPolicy;
import io.fairlead.proto.agent.v1.ListBpfPolicyResponse;
import io.fairlead.proto.agent.v1.ListEndpointsResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

class PolicyAnswersTest {
    @TempDir
    private Path directory;

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = new FakeAgent(directory.resolve("agent.sock"));
        agent.answer(ListBpfPolicyResponse.newBuilder()
                .addEntries(BpfPolicyEntry.newBuilder()
                        .setEndpointId(149)
                        .setVerdict("Allow")
                        .setDirection("Ingress")
                        .setIdentity(300)
                        .addLabels("k8s:app=client")
                        .addLabels("k8s:io.kubernetes.pod.namespace=default")
                        .setPortProtocol("80/TCP")
                        .setBytes(74)
                        .setPackets(1)
                        .setPrefix(16)
                        .setRule("CiliumNetworkPolicy default/web ingress[0]"))
                .addEntries(BpfPolicyEntry.newBuilder()
                        .setEndpointId(149)
                        .setVerdict("Deny")
                        .setDirection("Egress")
                        .setPortProtocol("ANY"))
                .build());
        agent.answer(ListEndpointsResponse.newBuilder()
                .addEndpoints(Endpoint.newBuilder()
                        .setId(149)
                        .setPolicy(EndpointPolicy.newBuilder()
                                .setId(-2)
                                .setIngressEnforced(true)
                                .setEntries(2)
                                .addPolicies("CiliumNetworkPolicy default/web")))
                .build());
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    @Test
    void entriesHaveTheColumnsUsersKnow() {
        assertThat(run("get", "149")).isEqualTo("""
                        POLICY   DIRECTION   LABELS (source:key[=value])               PORT/PROTO   PROXY PORT   AUTH TYPE   BYTES   PACKETS   PREFIX
                        Allow    Ingress     k8s:app=client                            80/TCP       NONE         disabled    74      1         16
                                             k8s:io.kubernetes.pod.namespace=default
                        Deny     Egress      ANY                                       ANY          NONE         disabled    0       0         0
                        """);
        assertThat(run("get", "--all")).startsWith("ENDPOINT   POLICY").contains("\n149        Allow");
    }

    @Test
    void theOverviewSaysWhoIsJudgedByWhat() {
        assertThat(run("list")).isEqualTo("""
                        ENDPOINT   POLICY       INGRESS   EGRESS     ENTRIES   RULES OF                          ERROR
                        149        4294967294   Enabled   Disabled   2         CiliumNetworkPolicy default/web
                        """);
    }

    @Test
    void whatIsNoEndpointIsRefusedWithItsText() {
        assertThatThrownBy(() -> run("get", "0x5"))
                .isInstanceOf(ParameterException.class)
                .hasMessage("endpoint: 0x5 (expected: an endpoint's id, 1 to 65535)");
        assertThatThrownBy(() -> run("get", "70000")).hasMessageContaining("70000");
        assertThatThrownBy(() -> run("get")).hasMessage("endpoint: none (expected: an endpoint's id, or --all)");
        assertThatThrownBy(() -> run("get", "--all", "7")).hasMessageContaining("7 and --all");
    }

    private String run(String... arguments) {
        CommandSpec policy = PolicyCommands.policy();
        CommandSpec spec =
                new CommandLine(policy).parseArgs(arguments).subcommand().commandSpec();
        StringWriter out = new StringWriter();
        int code = ((Run) spec.userObject())
                .run(new Invocation(
                        spec,
                        directory.resolve("agent.sock"),
                        Duration.ofSeconds(5),
                        false,
                        new TextStyle(true, TextStyle.Detail.NORMAL),
                        new Invocation.Console(
                                new PrintWriter(out, true), new PrintWriter(new StringWriter(), true), Map.of())));
        assertThat(code).isZero();
        return out.toString();
    }
}
