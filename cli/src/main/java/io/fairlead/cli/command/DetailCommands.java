package io.fairlead.cli.command;

import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.client.AgentDetails;
import io.fairlead.cli.client.EndpointName;
import io.fairlead.cli.output.Answer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Commands about one endpoint, one identity, and health. */
public final class DetailCommands {
    private static final String ENDPOINT =
            "Its id, or container-id:ID, ipv4:ADDRESS, ipv6:ADDRESS or pod-name:NAMESPACE:NAME.";

    /** How long an agent probes all nodes, and a little for the way. */
    private static final Duration PROBING = Duration.ofSeconds(15);

    private DetailCommands() {}

    /** {@code endpoint get}. */
    public static CommandSpec endpointGet() {
        return leaf("get", "All that is known of an endpoint, as JSON.", DetailCommands::getEndpoint)
                .addPositional(argument("ENDPOINT", ENDPOINT, true));
    }

    /** {@code endpoint log}. */
    public static CommandSpec endpointLog() {
        return leaf("log", "What became of an endpoint, newest first.", DetailCommands::logEndpoint)
                .addPositional(argument("ENDPOINT", ENDPOINT, true));
    }

    /** {@code identity get}. */
    public static CommandSpec identityGet() {
        return leaf(
                        "get",
                        "An identity by its number, or those that have all labels given.",
                        DetailCommands::getIdentity)
                .addPositional(argument("ID", "Its number.", false))
                .addOption(OptionSpec.builder("--label")
                        .type(List.class)
                        .auxiliaryTypes(String.class)
                        .arity("1")
                        .paramLabel("LABEL")
                        .description("A label it has, such as k8s:app=web; may be repeated.")
                        .build());
    }

    /** {@code bpf ipmasq list}. */
    public static CommandSpec ipmasqList() {
        return leaf("list", "Prefixes that are never masqueraded.", i -> ask(i, i.timeout(), AgentDetails::ipmasq));
    }

    /** {@code health status}. */
    public static CommandSpec healthStatus() {
        return leaf("status", "Whether the nodes and their health endpoints are reached from here.", i -> {
                    boolean probe = i.isSet("--probe");
                    if (i.isSet("--succinct") && i.isSet("--verbose")) {
                        throw i.mistake("--succinct: together with --verbose (expected: one of them)");
                    }
                    Duration timeout = probe && i.timeout().compareTo(PROBING) < 0 ? PROBING : i.timeout();
                    return ask(i, timeout, d -> d.health(probe, i.isSet("--succinct"), i.isSet("--verbose")));
                })
                .addOption(flag("--probe", "Probe all nodes now and wait for it, at most 10 s."))
                .addOption(flag("--succinct", "One line a node."))
                .addOption(flag("--verbose", "Every address of a node, and when it was probed."));
    }

    /** {@code health get}. */
    public static CommandSpec healthGet() {
        return leaf(
                "get",
                "How this node and its health endpoint answer.",
                i -> ask(i, i.timeout(), AgentDetails::ownHealth));
    }

    /** {@code health ping}. */
    public static CommandSpec healthPing() {
        return leaf(
                "ping", "Whether the agent answers about health.", i -> ask(i, i.timeout(), AgentDetails::healthPing));
    }

    private static int getEndpoint(Invocation invocation) {
        EndpointName id = endpointId(invocation);
        return found(invocation, "endpoint: " + id.text(), details -> details.endpoint(id));
    }

    private static int logEndpoint(Invocation invocation) {
        EndpointName id = endpointId(invocation);
        return found(invocation, "endpoint: " + id.text(), details -> details.endpointLog(id));
    }

    private static int getIdentity(Invocation invocation) {
        List<String> number = invocation.arguments(0);
        List<String> labels = invocation.<List<String>>option("--label").orElse(List.of());
        if (number.isEmpty() == labels.isEmpty()) {
            throw invocation.mistake("identity get: ID and --label (expected: one of them)");
        }
        if (number.isEmpty()) {
            return found(invocation, "labels: " + String.join(",", labels), details -> details.identities(labels));
        }
        String text = number.get(0);
        if (!text.matches("[0-9]{1,10}") || Long.parseLong(text) > 0xffffffffL) {
            throw invocation.mistake("ID: " + text + " (expected: 0 to 4294967295)");
        }
        return found(invocation, "identity: " + text, details -> details.identity(Long.parseLong(text)));
    }

    private static EndpointName endpointId(Invocation invocation) {
        try {
            return new EndpointName(invocation.arguments(0).get(0));
        } catch (IllegalArgumentException e) {
            throw invocation.mistake(String.valueOf(e.getMessage()));
        }
    }

    private static int ask(Invocation invocation, Duration timeout, Function<AgentDetails, Answer> question) {
        try (AgentClient client = new AgentClient(invocation.socket(), timeout)) {
            return invocation.show(question.apply(new AgentDetails(client)));
        }
    }

    private static int found(Invocation invocation, String what, Function<AgentDetails, Optional<Answer>> question) {
        try (AgentClient client = new AgentClient(invocation.socket(), invocation.timeout())) {
            Optional<Answer> answer = question.apply(new AgentDetails(client));
            if (answer.isEmpty()) {
                invocation.console().err().println("fairlead: " + what + ": not known on this node");
                return 1;
            }
            return invocation.show(answer.get());
        }
    }

    private static CommandSpec leaf(String name, String description, Run run) {
        return Specs.described(run, name, description);
    }

    private static OptionSpec flag(String name, String description) {
        return OptionSpec.builder(name)
                .type(boolean.class)
                .description(description)
                .build();
    }

    private static PositionalParamSpec argument(String label, String description, boolean required) {
        return PositionalParamSpec.builder()
                .index("0")
                .paramLabel(label)
                .type(String.class)
                .required(required)
                .arity(required ? "1" : "0..1")
                .description(description)
                .build();
    }
}
