package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.cli.client.FakeAgent;
import io.fairlead.proto.agent.v1.ExplainDecision;
import io.fairlead.proto.agent.v1.ExplainHop;
import io.fairlead.proto.agent.v1.ExplainResponse;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code fairlead explain} against an agent that answers what it is told. */
class ExplainCommandTest {
    private static final ExplainHop HOP = ExplainHop.newBuilder()
            .setNode("dev1")
            .setProgram("from_container")
            .setDevice("lxc1 ingress")
            .addDecisions(ExplainDecision.newBuilder().setWhat("conntrack").setText("new"))
            .addDecisions(ExplainDecision.newBuilder()
                    .setWhat("egress policy")
                    .setText("denied: no rule allows it: Policy denied"))
            .build();

    @TempDir
    private Path directory;

    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = new FakeAgent(directory.resolve("agent.sock"));
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    @Test
    void whatIsDroppedIsSaidDecisionByDecisionAndExitsWithOne() {
        agent.answer(ExplainResponse.newBuilder()
                .addHops(HOP)
                .setVerdict("DROPPED")
                .setReason("Policy denied")
                .build());
        assertThat(run("default/a", "default/b:80")).isEqualTo(new CommandRun(FairleadCli.FAILED, """
                        dev1: from_container at lxc1 ingress
                          conntrack       new
                          egress policy   denied: no rule allows it: Policy denied
                        DROPPED: Policy denied
                        """, ""));
    }

    @Test
    void whatArrivesExitsWithZeroAndIsAValueInJson() throws IOException {
        agent.answer(ExplainResponse.newBuilder()
                .addHops(HOP)
                .setVerdict("ALLOWED")
                .setAllowed(true)
                .setReason("to default/b")
                .build());
        CommandRun run = run("default/a", "world", "-o", "json");
        assertThat(run.code()).isEqualTo(FairleadCli.OK);
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(json.get("verdict").asText()).isEqualTo("ALLOWED");
        assertThat(json.at("/hops/0/decisions/0/what").asText()).isEqualTo("conntrack");
    }

    @Test
    void whatTheAgentRefusesAndWhatCannotBeReadAreOneLineEach() {
        agent.refuse(ExplainResponse.class, Status.INVALID_ARGUMENT.withDescription("source: x (expected: a pod)"));
        assertThat(run("x", "default/b").err()).contains("INVALID_ARGUMENT: source: x (expected: a pod)");
        assertThat(run("a", "b:0")).satisfies(run -> {
            assertThat(run.code()).isEqualTo(FairleadCli.USAGE);
            assertThat(run.err()).startsWith("fairlead: destination: b:0 (expected:");
        });
        assertThat(run("a", "b", "--source-port=70000").err())
                .startsWith("fairlead: --source-port: 70000 (expected: 1 to 65535)");
        assertThat(run("a").code()).isEqualTo(FairleadCli.USAGE);
    }

    private CommandRun run(String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "explain";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return CommandRun.of(
                Map.of("FAIRLEAD_SOCKET", directory.resolve("agent.sock").toString()), all);
    }
}
