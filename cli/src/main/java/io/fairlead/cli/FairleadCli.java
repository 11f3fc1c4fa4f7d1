package io.fairlead.cli;

import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.client.AgentException;
import io.fairlead.cli.client.IpamClient;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.ServiceAddress;
import io.fairlead.cli.command.TlsOptions;
import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.contract.NodeName;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code fairlead} command. Exits with 0, with 1 when the agent is unhealthy or gives no answer, with 2 for a
 * command line that is not understood.
 */
public final class FairleadCli {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    // Kept, because a logger that nothing holds may be collected and come back with its old level.
    private static final Logger NETTY = Logger.getLogger("io.netty");
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    // A unix socket's address has 108 bytes, the last of them zero: unix(7).
    private static final int MAX_SOCKET_PATH = 107;
    private static final String DEFAULT_SOCKET = "/run/fairlead/agent.sock";

    private final Map<String, String> environment;
    private final PrintWriter out;
    private final PrintWriter err;

    FairleadCli(Map<String, String> environment, PrintWriter out, PrintWriter err) {
        this.environment = environment;
        this.out = out;
        this.err = err;
    }

    /** Runs one command and ends the process; it does not wait for connections to close in order. */
    public static void main(String[] args) {
        // What the libraries have to say is in the error line; their own lines would break scripts.
        NETTY.setLevel(Level.OFF);
        GRPC.setLevel(Level.OFF);
        PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, false, StandardCharsets.UTF_8);
        int code = new FairleadCli(System.getenv(), out, err).run(args);
        out.flush();
        err.flush();
        Runtime.getRuntime().exit(code);
    }

    /** Runs one command and gives its exit code. */
    int run(String... args) {
        String version = clientVersion();
        String socket = environment.getOrDefault("FAIRLEAD_SOCKET", DEFAULT_SOCKET);
        CommandSpec root = CommandTree.build(version, socket);
        CommandLine commandLine = new CommandLine(root)
                .setOut(out)
                .setErr(err)
                .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
        try {
            ParseResult result = commandLine.parseArgs(args);
            if (CommandLine.executeHelpRequest(result) != null) {
                return OK;
            }
            while (result.hasSubcommand()) {
                result = result.subcommand();
            }
            CommandSpec command = result.commandSpec();
            if (command.userObject() instanceof Run run) {
                return run.run(invocation(root, command));
            }
            if (!(command.userObject() instanceof CommandTree.Action action)) {
                throw new ParameterException(
                        command.commandLine(),
                        "subcommand of " + command.qualifiedName() + ": none (expected: one of "
                                + String.join(", ", command.subcommands().keySet()) + ")");
            }
            Options options = options(root, command);
            return show(ask(action, command, options), options);
        } catch (ParameterException e) {
            return usage(e);
        } catch (AgentException e) {
            err.println("fairlead: " + e.getMessage());
            return FAILED;
        }
    }

    private Invocation invocation(CommandSpec root, CommandSpec command) {
        Options options = options(root, command);
        return new Invocation(
                command,
                options.socket(),
                options.timeout(),
                options.json(),
                options.style(),
                new Invocation.Console(out, err, environment));
    }

    private int usage(ParameterException e) {
        err.println("fairlead: " + e.getMessage());
        UnmatchedArgumentException.printSuggestions(e, err);
        e.getCommandLine().usage(err, Ansi.OFF);
        return USAGE;
    }

    private Answer ask(CommandTree.Action action, CommandSpec command, Options options) {
        if (action instanceof CommandTree.Query query) {
            try (AgentClient client = new AgentClient(options.socket(), options.timeout())) {
                return query.ask().apply(client);
            }
        }
        NodeName node = node(command, command.positionalParameters().get(0).getValue());
        List<InetSocketAddress> service = ipamService(command);
        try (IpamClient client = new IpamClient(service, TlsOptions.of(command, environment), options.timeout())) {
            return client.release(node);
        }
    }

    /** There is no default: what is released is gone, so nobody guesses where. */
    private List<InetSocketAddress> ipamService(CommandSpec command) {
        Object address = value(command, CommandTree.IPAM_ADDRESS);
        String text = address == null ? environment.get(CommandTree.IPAM_VARIABLE) : address.toString();
        if (text == null) {
            throw new ParameterException(
                    command.commandLine(),
                    CommandTree.IPAM_ADDRESS + ": nothing given (expected: host:port, here or in "
                            + CommandTree.IPAM_VARIABLE + ")");
        }
        return ServiceAddress.parse(command, CommandTree.IPAM_ADDRESS, text);
    }

    private int show(Answer answer, Options options) {
        out.print(options.json() ? Json.render(answer.json()) : answer.text(options.style()));
        answer.warning().ifPresent(text -> err.println("fairlead: warning: " + text));
        return answer.healthy() ? OK : FAILED;
    }

    /** What the command line says, checked. */
    private record Options(Path socket, Duration timeout, boolean json, TextStyle style) {}

    private static Options options(CommandSpec root, CommandSpec command) {
        boolean json = value(root, CommandTree.OUTPUT) == CommandTree.Format.json;
        boolean brief = isSet(command, CommandTree.BRIEF);
        boolean verbose = isSet(command, CommandTree.VERBOSE);
        if (brief && (verbose || json)) {
            throw new ParameterException(
                    command.commandLine(), "--brief: together with --verbose or -o json (expected: --brief alone)");
        }
        TextStyle.Detail detail =
                brief ? TextStyle.Detail.BRIEF : verbose ? TextStyle.Detail.VERBOSE : TextStyle.Detail.NORMAL;
        boolean headers = !Boolean.TRUE.equals(value(root, CommandTree.NO_HEADERS));
        return new Options(
                socket(command, (String) value(root, CommandTree.SOCKET)),
                timeout(command, (String) value(root, CommandTree.TIMEOUT)),
                json,
                new TextStyle(headers, detail));
    }

    private static Object value(CommandSpec spec, String option) {
        return spec.findOption(option).getValue();
    }

    private static boolean isSet(CommandSpec spec, String option) {
        return spec.findOption(option) != null && Boolean.TRUE.equals(value(spec, option));
    }

    private static Path socket(CommandSpec command, String text) {
        int length = text.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_SOCKET_PATH) {
            throw new ParameterException(
                    command.commandLine(),
                    "--socket: " + text + " (expected: a path of 1 to " + MAX_SOCKET_PATH + " bytes)");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new ParameterException(
                    command.commandLine(), "--socket: " + text + " (expected: a path: " + e.getReason() + ")", e);
        }
    }

    private static Duration timeout(CommandSpec command, String text) {
        return Timeouts.parse(text)
                .orElseThrow(() -> new ParameterException(
                        command.commandLine(), "--timeout: " + text + " (expected: 1ms to 1h, such as 500ms, 5s, 1m)"));
    }

    private static NodeName node(CommandSpec command, String text) {
        try {
            return new NodeName(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "NODE: " + e.getMessage(), e);
        }
    }

    private static String clientVersion() {
        Properties properties = new Properties();
        try (InputStream resource = FairleadCli.class.getResourceAsStream("version.properties")) {
            properties.load(resource);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }
}
