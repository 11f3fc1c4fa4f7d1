package io.fairlead.cli.bpf;

import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.Specs;
import io.fairlead.proto.agent.v1.ListBpfPolicyRequest;
import io.fairlead.proto.agent.v1.ListEndpointsRequest;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code bpf policy get} and {@code bpf policy list}. */
public final class PolicyCommands {
    private static final String ALL = "--all";
    private static final int MAX_ENDPOINT = 65535;

    private PolicyCommands() {}

    /** {@code policy} with its commands. */
    public static CommandSpec policy() {
        return Specs.described("policy", "policy", "What may reach and leave endpoints.")
                .addSubcommand("get", get())
                .addSubcommand(
                        "list",
                        Specs.described((Run) PolicyCommands::list, "list", "Which policy judges each endpoint."));
    }

    private static CommandSpec get() {
        return Specs.described(
                        (Run) PolicyCommands::get, "get", "Entries that judge an endpoint, with what they judged.")
                .addPositional(PositionalParamSpec.builder()
                        .index("0")
                        .arity("0..1")
                        .paramLabel("ENDPOINT")
                        .type(String.class)
                        .description("Id of an endpoint of this node.")
                        .build())
                .addOption(OptionSpec.builder(ALL)
                        .type(boolean.class)
                        .description("Of every endpoint.")
                        .build());
    }

    private static int get(Invocation invocation) {
        List<String> arguments = invocation.arguments(0);
        if (arguments.isEmpty() != invocation.isSet(ALL)) {
            throw invocation.mistake("endpoint: " + (arguments.isEmpty() ? "none" : arguments.get(0) + " and --all")
                    + " (expected: an endpoint's id, or --all)");
        }
        int endpoint = arguments.isEmpty() ? 0 : endpoint(invocation, arguments.get(0));
        try (AgentClient client = new AgentClient(invocation.socket(), invocation.timeout())) {
            return invocation.show(client.call(stub -> new PolicyEntries(
                    stub.listBpfPolicy(ListBpfPolicyRequest.newBuilder()
                            .setEndpointId(endpoint)
                            .build()),
                    endpoint == 0)));
        }
    }

    private static int list(Invocation invocation) {
        try (AgentClient client = new AgentClient(invocation.socket(), invocation.timeout())) {
            return invocation.show(client.call(
                    stub -> new PolicyOverview(stub.listEndpoints(ListEndpointsRequest.getDefaultInstance()))));
        }
    }

    private static int endpoint(Invocation invocation, String text) {
        if (text.matches("[0-9]{1,5}")) {
            int id = Integer.parseInt(text);
            if (id >= 1 && id <= MAX_ENDPOINT) {
                return id;
            }
        }
        throw invocation.mistake("endpoint: " + text + " (expected: an endpoint's id, 1 to 65535)");
    }
}
