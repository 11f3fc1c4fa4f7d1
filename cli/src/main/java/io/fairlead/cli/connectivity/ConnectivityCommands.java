package io.fairlead.cli.connectivity;

import io.fairlead.cli.client.NamespacePolicies;
import io.fairlead.cli.client.ServiceTls;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.ServiceAddress;
import io.fairlead.cli.command.Specs;
import io.fairlead.cli.command.TlsOptions;
import io.fairlead.cli.output.Json;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code fairlead connectivity test}: exits with 0 when every test does as expected, with 1 when one does not. */
public final class ConnectivityCommands {
    private static final Duration CLEAN_UP = Duration.ofSeconds(60);
    private static final String TEST = "--test";
    private static final String DRIVER = "--driver";
    /** A policy is in force within a second; a busy machine is given more. */
    private static final Duration IN_FORCE = Duration.ofSeconds(10);

    private ConnectivityCommands() {}

    /** The group with its one command, to be hung into the tree as "connectivity". */
    public static CommandSpec spec() {
        CommandSpec group = Specs.described(
                "connectivity",
                "connectivity",
                "Whether everything that should reach something does, and nothing else.");
        return group.addSubcommand("test", test());
    }

    private static CommandSpec test() {
        Run run = ConnectivityCommands::run;
        return Specs.described(
                        run,
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
                .addOption(ServiceAddress.identityOption("The identity-service, for policies"));
    }

    private static int run(Invocation invocation) {
        List<String> chosen = invocation.<List<String>>option(TEST).orElseGet(Runner::names);
        for (String name : chosen) {
            if (!Runner.names().contains(name)) {
                throw invocation.mistake(
                        TEST + ": " + name + " (expected: one of " + String.join(", ", Runner.names()) + ")");
            }
        }
        List<InetSocketAddress> service = ServiceAddress.identity(invocation);
        ServiceTls tls = TlsOptions.of(invocation);
        PrintWriter out = invocation.console().out();
        ProcessDriver driver =
                new ProcessDriver(invocation.<String>option(DRIVER).orElseThrow());
        CountDownLatch ended = new CountDownLatch(1);
        Thread interrupted = new Thread(() -> cleanUp(driver, ended));
        Runtime.getRuntime().addShutdownHook(interrupted);
        try (Policies policies = new ServicePolicies(new NamespacePolicies(service, tls, IN_FORCE));
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
}
