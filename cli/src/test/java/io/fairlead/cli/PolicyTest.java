package io.fairlead.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.cli.client.FakePolicies;
import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.DeletePoliciesRequest;
import io.fairlead.proto.policy.v1.GetPoliciesRequest;
import io.fairlead.proto.policy.v1.PolicyName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The policy commands against an identity-service of the test. */
class PolicyTest {
    @TempDir
    private Path directory;

    private FakePolicies service;
    private String address;

    @BeforeEach
    void start() throws IOException {
        service = new FakePolicies();
        address = service.address();
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private CommandRun run(String... args) {
        List<String> all = new ArrayList<>(List.of("policy"));
        all.addAll(List.of(args));
        return CommandRun.of(Map.of("FAIRLEAD_IDENTITY_SERVICE_ADDRESS", address), all.toArray(String[]::new));
    }

    private String file(String text) throws IOException {
        return Files.writeString(directory.resolve("policy.yaml"), text).toString();
    }

    @Test
    void applySaysWhatBecameOfEachPolicyAndWhereItIsInForce() throws IOException {
        assertThat(run("apply", "-f", file("good"))).isEqualTo(new CommandRun(0, """
                ciliumnetworkpolicy.cilium.io/web created
                networkpolicy.networking.k8s.io/db unchanged
                in force on 3/3 nodes after 41 ms
                """, ""));
        ApplyPoliciesRequest request = (ApplyPoliciesRequest) service.requests.get(0);
        assertThat(request.getDocuments()).isEqualTo("good");
        assertThat(request.getWaitMs()).isEqualTo(10_000);
        assertThat(run("apply", "-f", file("good"), "--wait", "0").out()).doesNotContain("in force");
    }

    @Test
    void lateNodesAreListedAndTheCommandFails() throws IOException {
        CommandRun run = run("apply", "-f", file("late"), "--wait=250ms");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).endsWith("in force on 2/3 nodes after 41 ms\n  dev3: not connected\n");
        assertThat(((ApplyPoliciesRequest) service.requests.get(0)).getWaitMs()).isEqualTo(250);
        CommandRun json = run("apply", "-f", file("late"), "-o", "json");
        assertThat(json.code()).isEqualTo(1);
        assertThat(json.out())
                .containsSubsequence(
                        "\"outcome\" : \"created\"", "\"inForce\" : 2", "\"node\" : \"dev3\"", "\"not connected\"");
    }

    @Test
    void aDryRunAndValidateOnlyCheck() throws IOException {
        assertThat(run("apply", "-f", file("good"), "--dry-run").out())
                .startsWith("ciliumnetworkpolicy.cilium.io/web valid (dry run)\n");
        assertThat(run("validate", "-f", file("good")).out()).startsWith("ciliumnetworkpolicy.cilium.io/web valid\n");
        assertThat(service.requests).allMatch(request -> ((ApplyPoliciesRequest) request).getValidateOnly());
    }

    @Test
    void everyMistakeIsALine() throws IOException {
        assertThat(run("apply", "-f", file("broken")))
                .isEqualTo(new CommandRun(1, "", "fairlead: document 1: a\ndocument 2: b\n"));
    }

    @Test
    void getListsPoliciesOfANamespaceAndClusterwideOnes() {
        CommandRun run = run("get");
        assertThat(run.code()).isZero();
        assertThat(run.out()).isEqualTo("""
                NAMESPACE   KIND                  NAME   REVISION   AGE
                default     CiliumNetworkPolicy   web    7          1h2m
                """);
        assertThat(((GetPoliciesRequest) service.requests.get(0)).getNamesList())
                .extracting(PolicyName::getNamespace)
                .containsExactly("default", "default", "");
        assertThat(run("get", "cnp", "web", "-o", "json").out())
                .containsSubsequence("\"kind\"", "\"endpointSelector\"");
        assertThat(run("get", "-n", "prod").out()).isEqualTo("No policies found in namespace prod.\n");
        assertThat(run("get", "-A").out()).contains("web");
        assertThat(run("get", "cnp", "nothing"))
                .isEqualTo(new CommandRun(1, "", "fairlead: ciliumnetworkpolicy.cilium.io \"nothing\" not found\n"));
    }

    @Test
    void deleteIsByNameOrByFile() throws IOException {
        assertThat(run("delete", "cnp", "web", "-n", "prod")).isEqualTo(new CommandRun(0, """
                ciliumnetworkpolicy.cilium.io "web" deleted
                in force on 1/1 nodes after 5 ms
                """, ""));
        assertThat(((DeletePoliciesRequest) service.requests.get(0)).getNames(0).getNamespace())
                .isEqualTo("prod");
        assertThat(run("delete", "-f", file("good")).out())
                .startsWith("ciliumnetworkpolicy.cilium.io \"web\" deleted\nnetworkpolicy.networking.k8s.io \"db\"");
        assertThat(run("delete", "cnp", "nothing"))
                .isEqualTo(new CommandRun(1, "", "fairlead: CiliumNetworkPolicy default/nothing: not found\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "apply",
                "apply -f x --wait=11m",
                "apply -f x --wait=soon",
                "get pod",
                "get -A -n prod",
                "delete",
                "delete cnp",
                "delete cnp web -f x",
                "get --identity-service-address=host",
                "get cnp web more",
                ""
            })
    void aCommandLineThatIsNotUnderstoodIsRefused(String line) {
        CommandRun run = run(line.isEmpty() ? new String[0] : line.split(" "));
        assertThat(run.code()).as(run.out() + run.err()).isEqualTo(2);
        assertThat(service.requests).isEmpty();
    }

    @Test
    void aFileOrServiceThatIsNotThereIsOneLine() throws IOException {
        CommandRun missing = run("apply", "-f", directory.resolve("none.yaml").toString());
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.err()).matches("fairlead: -f: .*none.yaml: no such file \\(expected: .*\\)\n");
        assertThat(run("apply", "-f", directory.toString()).code()).isEqualTo(1);
        service.close();
        CommandRun nobody =
                run("apply", "-f", file("good"), "--timeout=2s", "--wait=0", "--identity-service-address=" + address);
        assertThat(nobody.code()).isEqualTo(1);
        assertThat(nobody.err().lines()).hasSize(1);
        assertThat(nobody.err()).contains("the identity-service at 127.0.0.1:", "Is the identity-service running?");
    }
}
