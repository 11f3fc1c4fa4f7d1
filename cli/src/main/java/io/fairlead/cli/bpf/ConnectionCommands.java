package io.fairlead.cli.bpf;

import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.client.ConnectionAnswers;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.Specs;
import io.fairlead.cli.output.Answer;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code bpf ct list}, {@code bpf ct flush} and {@code bpf nat list}. */
public final class ConnectionCommands {
    private static final String GLOBAL = "global";
    private static final int MAX_ENDPOINT = 65535;

    private ConnectionCommands() {}

    /** {@code ct} with its commands. */
    public static CommandSpec ct() {
        return Specs.described("ct", "ct", "Connections the datapath follows.")
                .addSubcommand(
                        "list",
                        leaf(
                                "list",
                                "Connections of the node, or as one endpoint sees them.",
                                "global, or the id of an endpoint of this node. Default: global",
                                ConnectionCommands::list))
                .addSubcommand(
                        "flush",
                        leaf(
                                "flush",
                                "Forgets every connection; those that go on are judged anew.",
                                "global: there is nothing less to flush. Default: global",
                                ConnectionCommands::flush));
    }

    /** {@code nat} with its command. */
    public static CommandSpec nat() {
        return Specs.described("nat", "nat", "Addresses that are translated.")
                .addSubcommand(
                        "list",
                        command(
                                "list",
                                "Translations, each direction by itself.",
                                invocation -> ask(invocation, ConnectionAnswers::translations)));
    }

    private static int list(Invocation invocation) {
        int endpoint = endpoint(invocation);
        return ask(invocation, client -> ConnectionAnswers.connections(client, endpoint));
    }

    private static int flush(Invocation invocation) {
        List<String> arguments = invocation.arguments(0);
        if (!arguments.isEmpty() && !arguments.get(0).equals(GLOBAL)) {
            throw invocation.mistake("connections: " + arguments.get(0) + " (expected: global)");
        }
        return ask(invocation, ConnectionAnswers::flush);
    }

    private static int endpoint(Invocation invocation) {
        List<String> arguments = invocation.arguments(0);
        if (arguments.isEmpty() || arguments.get(0).equals(GLOBAL)) {
            return 0;
        }
        String text = arguments.get(0);
        if (text.matches("[0-9]{1,5}")) {
            int id = Integer.parseInt(text);
            if (id >= 1 && id <= MAX_ENDPOINT) {
                return id;
            }
        }
        throw invocation.mistake("connections: " + text + " (expected: global or an endpoint's id, 1 to 65535)");
    }

    private static int ask(Invocation invocation, Function<AgentClient, Answer> question) {
        try (AgentClient client = new AgentClient(invocation.socket(), invocation.timeout())) {
            return invocation.show(question.apply(client));
        }
    }

    private static CommandSpec leaf(String name, String description, String argument, Run run) {
        return command(name, description, run)
                .addPositional(PositionalParamSpec.builder()
                        .index("0")
                        .arity("0..1")
                        .paramLabel("WHICH")
                        .type(String.class)
                        .description(argument)
                        .build());
    }

    private static CommandSpec command(String name, String description, Run run) {
        return Specs.described(run, name, description);
    }
}
