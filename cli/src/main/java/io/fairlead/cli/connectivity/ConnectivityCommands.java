package io.fairlead.cli.connectivity;

import io.fairlead.cli.client.NamespacePolicies;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.output.Json;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code fairlead connectivity test}: exits with 0 when every test does as expected, with 1 when one does not. */
public final class ConnectivityCommands {
    private static final Duration CLEAN_UP = Duration.ofSeconds(60);
    private static final String TEST = "--test";
    private static final String DRIVER = "--driver";
    private static final String SERVICE = "--identity-service-address";
    private static final String SERVICE_VARIABLE = "FAIRLEAD_IDENTITY_SERVICE_ADDRESS";
    private static final String DEFAULT_SERVICE = "127.0.0.1:7301";
    private static final Pattern ADDRESS = Pattern.compile("([^:\\[\\]\\s]+|\\[[0-9a-fA-F:.]+]):([0-9]{1,5})");
    /** A policy is in force within a second; a busy machine is given more. */
    private static final Duration IN_FORCE = Duration.ofSeconds(10);

    private ConnectivityCommands() {}

    /** The group with its one command, to be hung into the tree as "connectivity". */
    public static CommandSpec spec() {
        CommandSpec group = described(
                CommandSpec.wrapWithoutInspection("connectivity"),
                "connectivity",
                "Whether everything that should reach something does, and nothing else.");
        return group.addSubcommand("test", test());
    }

    private static CommandSpec test() {
        Run run = ConnectivityCommands::run;
        return described(
                        CommandSpec.wrapWithoutInspection(run),
                        "test",
                        "Makes pods, has them try to reach each other, nodes and the world under one policy after"
                                + " another, and removes them. Exits with 1 when a test fails; what failed is explained.")
                .addOption(OptionSpec.builder(TEST)
                        .type(List.class)
                        .auxiliaryTypes(String.class)
                        .arity("1")
                        .paramLabel("NAME")
                        .description("Only this test; may be given several times. One of: "
                                + String.join(", ", Runner.names()))
                        .build())
                .addOption(OptionSpec.builder(DRIVER)
                        .type(String.class)
                        .paramLabel("PATH")
                        .required(true)
                        .description("Executable that makes pods and has them try; its verbs are in cli/DESIGN.md.")
                        .build())
                .addOption(OptionSpec.builder(SERVICE)
                        .type(String.class)
                        .paramLabel("HOST:PORT")
                        .description("The identity-service, for policies (or " + SERVICE_VARIABLE + "). Default: "
                                + DEFAULT_SERVICE)
                        .build());
    }

    private static CommandSpec described(CommandSpec spec, String name, String description) {
        spec.name(name)
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .type(boolean.class)
                        .description("Print this help.")
                        .build());
        spec.usageMessage().description(description);
        return spec;
    }

    private static int run(Invocation invocation) {
        List<String> chosen = invocation.<List<String>>option(TEST).orElseGet(Runner::names);
        for (String name : chosen) {
            if (!Runner.names().contains(name)) {
                throw invocation.mistake(
                        TEST + ": " + name + " (expected: one of " + String.join(", ", Runner.names()) + ")");
            }
        }
        InetSocketAddress service = address(invocation);
        PrintWriter out = invocation.console().out();
        ProcessDriver driver =
                new ProcessDriver(invocation.<String>option(DRIVER).orElseThrow());
        CountDownLatch ended = new CountDownLatch(1);
        Thread interrupted = new Thread(() -> cleanUp(driver, ended));
        Runtime.getRuntime().addShutdownHook(interrupted);
        try (Policies policies = new ServicePolicies(new NamespacePolicies(service, IN_FORCE));
                Agents agents = new SocketAgents(driver::socket, invocation.timeout())) {
            Results results = new Runner(
                            driver, policies, agents, new Progress(out, invocation.json()), Clock.systemUTC())
                    .run(chosen);
            if (invocation.json()) {
                out.print(Json.render(results.json()));
            }
            return results.failed().isEmpty() ? 0 : 1;
        } catch (DriverException e) {
            invocation.console().err().println("fairlead: " + e.getMessage());
            return 1;
        } finally {
            ended.countDown();
            forget(interrupted);
        }
    }

    /** Ctrl-C: the run ends at its next step and removes what it made; the process stays until it has. */
    private static void cleanUp(ProcessDriver driver, CountDownLatch ended) {
        driver.stop();
        try {
            var unused = ended.await(CLEAN_UP.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // it runs already
        }
    }

    private static InetSocketAddress address(Invocation invocation) {
        String text = invocation
                .<String>option(SERVICE)
                .orElseGet(() -> invocation.console().environment().getOrDefault(SERVICE_VARIABLE, DEFAULT_SERVICE));
        Matcher matcher = ADDRESS.matcher(text);
        int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
        if (port < 1 || port > 65535) {
            throw invocation.mistake(SERVICE + ": " + text + " (expected: host:port or [address]:port)");
        }
        return new InetSocketAddress(matcher.group(1), port);
    }
}
