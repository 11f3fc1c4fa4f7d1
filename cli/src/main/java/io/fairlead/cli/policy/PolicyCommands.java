package io.fairlead.cli.policy;

import io.fairlead.cli.Timeouts;
import io.fairlead.cli.client.AgentException;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.ServiceAddress;
import io.fairlead.cli.command.Specs;
import io.fairlead.cli.command.TlsOptions;
import io.fairlead.contract.policy.PolicyName.Kind;
import io.fairlead.proto.policy.v1.AppliedPolicy;
import io.fairlead.proto.policy.v1.GetPoliciesResponse;
import io.fairlead.proto.policy.v1.PolicyName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code policy apply|validate|get|delete}. */
public final class PolicyCommands {
    private static final String FILE = "--filename";
    private static final String WAIT = "--wait";
    private static final String DRY_RUN = "--dry-run";
    private static final String NAMESPACE = "--namespace";
    private static final String ALL = "--all-namespaces";

    private final Supplier<InputStream> stdin;

    private PolicyCommands(Supplier<InputStream> stdin) {
        this.stdin = stdin;
    }

    /** The command with its subcommands. */
    public static CommandSpec spec() {
        return spec(() -> System.in);
    }

    /** As {@link #spec()}, with another standard input. */
    static CommandSpec spec(Supplier<InputStream> stdin) {
        PolicyCommands commands = new PolicyCommands(stdin);
        CommandSpec policy = Specs.described("policy", "policy", "Network policies of the cluster.");
        policy.addSubcommand("apply", commands.apply());
        policy.addSubcommand("validate", commands.validate());
        policy.addSubcommand("get", commands.get());
        policy.addSubcommand("delete", commands.delete());
        return policy;
    }

    private CommandSpec apply() {
        return command(
                        "apply",
                        "Stores policies (NetworkPolicy, CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy; YAML or"
                                + " JSON) and waits until every node has them in force. Exits with 1 when one is late.",
                        this::runApply)
                .addOption(file(true))
                .addOption(waiting())
                .addOption(OptionSpec.builder(DRY_RUN)
                        .type(boolean.class)
                        .description("Only check; nothing is stored.")
                        .build());
    }

    private CommandSpec validate() {
        return command("validate", "Checks policies; every mistake is told.", this::runValidate)
                .addOption(file(true));
    }

    private CommandSpec get() {
        return command("get", "Policies as they are stored; -o json has the documents.", this::runGet)
                .addPositional(argument(
                        "0",
                        "KIND",
                        "NetworkPolicy, CiliumNetworkPolicy (cnp) or" + " CiliumClusterwideNetworkPolicy (ccnp)."))
                .addPositional(argument("1", "NAME", "One policy."))
                .addOption(namespace())
                .addOption(OptionSpec.builder("-A", ALL)
                        .type(boolean.class)
                        .description("Policies of all namespaces.")
                        .build());
    }

    private CommandSpec delete() {
        return command(
                        "delete",
                        "Deletes policies, by kind and name or those in a file, and waits until every node has let go"
                                + " of them.",
                        this::runDelete)
                .addPositional(argument("0", "KIND", "Kind of the policy."))
                .addPositional(argument("1", "NAME", "Name of the policy."))
                .addOption(namespace())
                .addOption(file(false))
                .addOption(waiting());
    }

    private int runApply(Invocation call) {
        Duration wait = wait(call);
        boolean dryRun = call.isSet(DRY_RUN);
        String documents = documents(call);
        try (PolicyClient client = client(call)) {
            return call.show(
                    ChangeAnswer.of(dryRun ? client.validate(documents) : client.apply(documents, wait), dryRun));
        }
    }

    private int runValidate(Invocation call) {
        String documents = documents(call);
        try (PolicyClient client = client(call)) {
            return call.show(ChangeAnswer.of(client.validate(documents), false));
        }
    }

    private int runGet(Invocation call) {
        boolean all = call.isSet(ALL);
        if (all && call.option(NAMESPACE).isPresent()) {
            throw call.mistake("-A: together with -n (expected: one of them)");
        }
        String namespace = call.<String>option(NAMESPACE).orElse("default");
        String name = argument(call, 1);
        List<Kind> kinds = argument(call, 0).isEmpty() ? List.of(Kind.values()) : List.of(kind(call));
        List<PolicyName> wanted = new ArrayList<>();
        for (Kind kind : kinds) {
            boolean any = all || kind == Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY;
            wanted.add(name(kind, any ? "" : namespace, name));
        }
        try (PolicyClient client = client(call)) {
            GetPoliciesResponse found = client.get(wanted);
            if (found.getPoliciesCount() == 0 && !name.isEmpty()) {
                call.console()
                        .err()
                        .println("fairlead: " + PolicyTexts.resource(wanted.get(0)) + " \"" + name + "\" not found");
                return 1;
            }
            String where = all ? "in any namespace" : "in namespace " + namespace;
            return call.show(new PoliciesAnswer(found, where, System.currentTimeMillis()));
        }
    }

    private int runDelete(Invocation call) {
        Duration wait = wait(call);
        boolean byFile = call.option(FILE).isPresent();
        String name = argument(call, 1);
        if (byFile == !name.isEmpty() || (byFile && !argument(call, 0).isEmpty())) {
            throw call.mistake("what to delete: not clear (expected: KIND NAME, or -f FILE)");
        }
        List<PolicyName> names = new ArrayList<>();
        String documents = byFile ? documents(call) : "";
        if (!byFile) {
            Kind kind = kind(call);
            boolean clusterwide = kind == Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY;
            names.add(
                    name(kind, clusterwide ? "" : call.<String>option(NAMESPACE).orElse("default"), name));
        }
        try (PolicyClient client = client(call)) {
            if (byFile) {
                client.validate(documents).getPoliciesList().stream()
                        .map(AppliedPolicy::getName)
                        .forEach(names::add);
            }
            return call.show(ChangeAnswer.of(client.delete(names, wait)));
        }
    }

    private static PolicyName name(Kind kind, String namespace, String name) {
        return PolicyName.newBuilder()
                .setKind(kind.text())
                .setNamespace(namespace)
                .setName(name)
                .build();
    }

    private static String argument(Invocation call, int position) {
        return call.arguments(position).stream().findFirst().orElse("");
    }

    private static Kind kind(Invocation call) {
        String text = argument(call, 0);
        return Kind.find(text)
                .orElseThrow(() -> call.mistake("KIND: " + text + " (expected: "
                        + String.join(
                                ", ",
                                Arrays.stream(Kind.values()).map(Kind::text).toList())
                        + ", or netpol, cnp, ccnp)"));
    }

    private static Duration wait(Invocation call) {
        String text = call.<String>option(WAIT).orElse("10s");
        if (text.matches("0(ms|s|m)?")) {
            return Duration.ZERO;
        }
        return Timeouts.parse(text)
                .filter(wait -> wait.compareTo(Duration.ofMinutes(10)) <= 0)
                .orElseThrow(() -> call.mistake("--wait: " + text + " (expected: 0 to 10m, such as 500ms, 10s, 1m)"));
    }

    private String documents(Invocation call) {
        String file = call.<String>option(FILE).orElse("");
        try {
            if (file.equals("-")) {
                return new String(stdin.get().readAllBytes(), StandardCharsets.UTF_8);
            }
            return Files.readString(Path.of(file));
        } catch (NoSuchFileException e) {
            throw new AgentException("-f: " + file + ": no such file (expected: a file of policies, or -)", e);
        } catch (IOException | InvalidPathException e) {
            throw new AgentException(
                    "-f: " + file + ": " + e.getMessage() + " (expected: a file of policies in UTF-8, or -)", e);
        }
    }

    private static PolicyClient client(Invocation call) {
        return new PolicyClient(ServiceAddress.identity(call), TlsOptions.of(call), call.timeout());
    }

    private static CommandSpec command(String name, String description, Run run) {
        return Specs.described(run, name, description)
                .addOption(ServiceAddress.identityOption("The identity-service to ask"));
    }

    private static OptionSpec file(boolean required) {
        return OptionSpec.builder("-f", FILE)
                .type(String.class)
                .paramLabel("FILE")
                .required(required)
                .description("Policies, one or many; - for the standard input.")
                .build();
    }

    private static OptionSpec waiting() {
        return OptionSpec.builder(WAIT)
                .type(String.class)
                .paramLabel("TIME")
                .description("How long to wait for the nodes: 500ms, 10s, 1m; 0 for not at all. Default: 10s")
                .build();
    }

    private static OptionSpec namespace() {
        return OptionSpec.builder("-n", NAMESPACE)
                .type(String.class)
                .paramLabel("NAMESPACE")
                .description("Namespace of the policies. Default: default")
                .build();
    }

    private static PositionalParamSpec argument(String index, String label, String description) {
        return PositionalParamSpec.builder()
                .index(index)
                .arity("0..1")
                .paramLabel(label)
                .type(String.class)
                .description(description)
                .build();
    }
}
