package io.fairlead.cli.explain;

import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.Specs;
import io.fairlead.proto.agent.v1.ExplainRequest;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code fairlead explain SRC DST[:PORT/PROTO]}: exits with 0 when the packet arrives, with 1 when it is dropped. */
public final class ExplainCommand {
    private static final String SOURCE_PORT = "--source-port";

    private ExplainCommand() {}

    /** The command, to be hung into the tree as "explain". */
    public static CommandSpec spec() {
        Run run = ExplainCommand::run;
        return Specs.described(
                        run,
                        "explain",
                        "What becomes of a packet: runs the programs loaded on the nodes on its way without sending"
                                + " it, and prints each decision. Exits with 1 when it is dropped.")
                .addOption(OptionSpec.builder(SOURCE_PORT)
                        .type(String.class)
                        .paramLabel("PORT")
                        .description("Port the packet is from. Default: 40000")
                        .build())
                .addPositional(side(
                        "0",
                        "SRC",
                        "Who sends, from this node: namespace/pod, an endpoint id, host, or an address; world and"
                                + " addresses of others for packets that arrive here."))
                .addPositional(side(
                        "1",
                        "DST[:PORT[/PROTOCOL]]",
                        "Who is sent to: as SRC. PROTOCOL is tcp, udp or sctp; without a port an echo request."));
    }

    private static PositionalParamSpec side(String index, String label, String description) {
        return PositionalParamSpec.builder()
                .index(index)
                .paramLabel(label)
                .type(String.class)
                .required(true)
                .description(description)
                .build();
    }

    private static int run(Invocation invocation) {
        ExplainRequest request;
        try {
            Target target = Target.parse(invocation.arguments(1).get(0));
            request = ExplainRequest.newBuilder()
                    .setSource(Target.source(invocation.arguments(0).get(0)))
                    .setDestination(target.name())
                    .setPort(target.port())
                    .setProtocol(target.protocol())
                    .setSourcePort(invocation
                            .<String>option(SOURCE_PORT)
                            .map(ExplainCommand::port)
                            .orElse(0))
                    .build();
        } catch (IllegalArgumentException e) {
            throw invocation.mistake(String.valueOf(e.getMessage()));
        }
        try (AgentClient client = new AgentClient(invocation.socket(), invocation.timeout())) {
            return invocation.show(new ExplainAnswer(client.call(stub -> stub.explain(request))));
        }
    }

    private static int port(String text) {
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > 65535) {
            throw new IllegalArgumentException(SOURCE_PORT + ": " + text + " (expected: 1 to 65535)");
        }
        return Integer.parseInt(text);
    }
}
