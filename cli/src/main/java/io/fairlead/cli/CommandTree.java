package io.fairlead.cli;

import io.fairlead.cli.bpf.ConnectionCommands;
import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.command.DetailCommands;
import io.fairlead.cli.command.Specs;
import io.fairlead.cli.command.TlsOptions;
import io.fairlead.cli.connectivity.ConnectivityCommands;
import io.fairlead.cli.events.EventsCommand;
import io.fairlead.cli.explain.ExplainCommand;
import io.fairlead.cli.ipam.IpamCommands;
import io.fairlead.cli.monitor.MonitorCommand;
import io.fairlead.cli.output.Answer;
import io.fairlead.cli.policy.PolicyCommands;
import io.fairlead.cli.route.RouteCommands;
import io.fairlead.cli.sysdump.SysdumpCommand;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ScopeType;

/**
 * Every command with its options. Built by hand rather than from annotations: scanning them by reflection costs more
 * than the rest of the command's own work.
 */
final class CommandTree {
    static final String SOCKET = "--socket";
    static final String TIMEOUT = "--timeout";
    static final String OUTPUT = "--output";
    static final String NO_HEADERS = "--no-headers";
    static final String BRIEF = "--brief";
    static final String VERBOSE = "--verbose";
    static final String IPAM_ADDRESS = "--ipam-service-address";
    static final String IPAM_VARIABLE = "FAIRLEAD_IPAM_SERVICE_ADDRESS";

    private CommandTree() {}

    /** What a command does. */
    sealed interface Action {}

    /** It asks the agent. */
    record Query(Function<AgentClient, Answer> ask) implements Action {}

    /** It has the ipam-service forget a node. */
    record ReleaseNode() implements Action {}

    /** Form of the output. */
    enum Format {
        table,
        json
    }

    static CommandSpec build(String version, String defaultSocket) {
        CommandSpec root = group("fairlead", "Shows what Fairlead's agent on this node knows and what its kernel has.")
                .version(version)
                .addOption(OptionSpec.builder("-V", "--version")
                        .versionHelp(true)
                        .type(boolean.class)
                        .description("Print the version of this command.")
                        .build());
        globals(defaultSocket).forEach(root::addOption);
        TlsOptions.options().forEach(root::addOption);
        root.addSubcommand("status", status());
        addLists(root);
        root.addSubcommand("policy", PolicyCommands.spec());
        root.addSubcommand("ipam", IpamCommands.spec());
        root.addSubcommand("bpf", bpf());
        root.addSubcommand("monitor", MonitorCommand.spec());
        root.addSubcommand("events", EventsCommand.spec());
        root.addSubcommand("explain", ExplainCommand.spec());
        root.addSubcommand("connectivity", ConnectivityCommands.spec());
        root.addSubcommand("health", health());
        root.addSubcommand("sysdump", SysdumpCommand.spec());
        root.addSubcommand(
                "version",
                leaf(
                        "version",
                        "Versions of this command, the agent, its kernel and its Java.",
                        client -> client.version(version)));
        return root;
    }

    private static void addLists(CommandSpec root) {
        addList(root, "endpoint", "Pods of this node, their identities and addresses.", AgentClient::endpoints);
        addList(root, "identity", "Security identities this node knows and their labels.", AgentClient::identities);
        addList(root, "node", "Nodes of the cluster, their addresses and pod CIDRs.", AgentClient::nodes);
        root.subcommands().get("node").getCommandSpec().addSubcommand("release", release());
        root.subcommands()
                .get("endpoint")
                .getCommandSpec()
                .addSubcommand("get", DetailCommands.endpointGet())
                .addSubcommand("log", DetailCommands.endpointLog());
        root.subcommands().get("identity").getCommandSpec().addSubcommand("get", DetailCommands.identityGet());
        addList(
                root,
                "route",
                "Every pod CIDR, its next hop, and which nodes have it in their kernel.",
                AgentClient::routes);
        root.subcommands().get("route").getCommandSpec().addSubcommand("convergence", RouteCommands.convergence());
    }

    private static void addList(
            CommandSpec parent, String name, String description, Function<AgentClient, Answer> ask) {
        parent.addSubcommand(name, group(name, description).addSubcommand("list", leaf("list", description, ask)));
    }

    private static List<OptionSpec> globals(String defaultSocket) {
        return List.of(
                global(
                                "--socket",
                                String.class,
                                "PATH",
                                "Unix socket of the agent (or FAIRLEAD_SOCKET). Default: ${DEFAULT-VALUE}")
                        .defaultValue(defaultSocket)
                        .build(),
                global(
                                "--timeout",
                                String.class,
                                "TIME",
                                "How long to wait for an answer: 500ms, 5s, 1m. Default: ${DEFAULT-VALUE}")
                        .defaultValue("5s")
                        .build(),
                global(
                                "-o",
                                Format.class,
                                "FORMAT",
                                "Form of the output: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
                        .names("-o", OUTPUT)
                        .defaultValue("table")
                        .build(),
                global(NO_HEADERS, boolean.class, "", "Tables without their first line.")
                        .defaultValue("false")
                        .build());
    }

    private static OptionSpec.Builder global(String name, Class<?> type, String label, String description) {
        OptionSpec.Builder option =
                OptionSpec.builder(name).type(type).scopeType(ScopeType.INHERIT).description(description);
        return label.isEmpty() ? option : option.paramLabel(label);
    }

    private static CommandSpec status() {
        return leaf(
                        "status",
                        "How the agent, its connections and its controllers are. Exits with 1 when unhealthy.",
                        AgentClient::status)
                .addOption(OptionSpec.builder(BRIEF)
                        .type(boolean.class)
                        .description("OK, or a line for each thing that is wrong.")
                        .build())
                .addOption(OptionSpec.builder(VERBOSE)
                        .type(boolean.class)
                        .description("Every controller, not only failing ones, and every line (JSON always has them).")
                        .build());
    }

    private static CommandSpec release() {
        CommandSpec spec = Specs.described(
                new ReleaseNode(),
                "release",
                "Removes a node from the cluster for good: its record goes, its pod CIDRs become free, the other nodes"
                        + " drop their routes to it. Stop its agent first.");
        return spec.addPositional(PositionalParamSpec.builder()
                        .index("0")
                        .paramLabel("NODE")
                        .type(String.class)
                        .required(true)
                        .description("Name of the node.")
                        .build())
                .addOption(OptionSpec.builder(IPAM_ADDRESS)
                        .type(String.class)
                        .paramLabel("HOST:PORT,...")
                        .description("The ipam-service to tell (or " + IPAM_VARIABLE + ").")
                        .build());
    }

    private static CommandSpec health() {
        return group("health", "Whether nodes and their health endpoints reach each other.")
                .addSubcommand("status", DetailCommands.healthStatus())
                .addSubcommand("get", DetailCommands.healthGet())
                .addSubcommand("ping", DetailCommands.healthPing());
    }

    private static CommandSpec bpf() {
        CommandSpec bpf = group("bpf", "What is in the kernel's maps.");
        addList(bpf, "endpoint", "Who on this node has an address.", AgentClient::bpfEndpoints);
        addList(bpf, "ipcache", "Which identity the addresses of a prefix have.", AgentClient::bpfIpcache);
        addList(bpf, "metrics", "Packets and bytes by reason and direction.", AgentClient::bpfMetrics);
        bpf.addSubcommand(
                "ipmasq",
                group("ipmasq", "What is never masqueraded.").addSubcommand("list", DetailCommands.ipmasqList()));
        return bpf.addSubcommand("ct", ConnectionCommands.ct())
                .addSubcommand("nat", ConnectionCommands.nat())
                .addSubcommand("policy", io.fairlead.cli.bpf.PolicyCommands.policy());
    }

    private static CommandSpec group(String name, String description) {
        return Specs.described(name, name, description);
    }

    private static CommandSpec leaf(String name, String description, Function<AgentClient, Answer> ask) {
        return Specs.described(new Query(ask), name, description);
    }
}
