package io.fairlead.cli.route;

import io.fairlead.cli.Timeouts;
import io.fairlead.cli.client.AgentException;
import io.fairlead.cli.client.ServiceConnection;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.ServiceAddress;
import io.fairlead.cli.command.Specs;
import io.fairlead.cli.command.TlsOptions;
import io.fairlead.proto.route.v1.GetConvergenceRequest;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code route convergence}. */
public final class RouteCommands {
    private static final String ADDRESS = "--route-distributor-address";
    private static final String VARIABLE = "FAIRLEAD_ROUTE_DISTRIBUTOR_ADDRESS";
    private static final String DEFAULT_ADDRESS = "127.0.0.1:7303";
    private static final String LIMIT = "--limit";
    private static final String WAIT = "--wait";
    private static final int MAX_ANSWER_BYTES = 64 << 20;
    private static final Duration PAUSE = Duration.ofMillis(100);

    private RouteCommands() {}

    /** The command {@code convergence}. */
    public static CommandSpec convergence() {
        Run run = RouteCommands::run;
        return Specs.described(
                        run,
                        "convergence",
                        "How far the cluster's nodes are with their routes, the slowest first, and why. With --wait it"
                                + " waits until all of them have all routes, and exits with 1 when some are late.")
                .addOption(OptionSpec.builder(LIMIT)
                        .type(int.class)
                        .paramLabel("N")
                        .defaultValue("10")
                        .description("Nodes to show; 0 for all. Default: ${DEFAULT-VALUE}")
                        .build())
                .addOption(OptionSpec.builder(WAIT)
                        .type(String.class)
                        .paramLabel("TIME")
                        .description("How long to wait for the nodes: 500ms, 30s, 5m.")
                        .build())
                .addOption(OptionSpec.builder(ADDRESS)
                        .type(String.class)
                        .paramLabel("HOST:PORT,...")
                        .description("The route-distributor to ask (or " + VARIABLE + "). Default: " + DEFAULT_ADDRESS)
                        .build());
    }

    private static int run(Invocation call) {
        int limit = call.<Integer>option(LIMIT).orElse(0);
        if (limit < 0) {
            throw call.mistake(LIMIT + ": " + limit + " (expected: 0 or more)");
        }
        Optional<Duration> wait = call.<String>option(WAIT)
                .map(text -> Timeouts.parse(text)
                        .orElseThrow(() ->
                                call.mistake(WAIT + ": " + text + " (expected: 1ms to 60m, such as 500ms, 30s, 5m)")));
        String text = call.<String>option(ADDRESS)
                .orElseGet(() -> call.console().environment().getOrDefault(VARIABLE, DEFAULT_ADDRESS));
        List<InetSocketAddress> address = ServiceAddress.parse(call.spec(), ADDRESS, text);
        try (ServiceConnection connection =
                new ServiceConnection("route-distributor", address, TlsOptions.of(call), MAX_ANSWER_BYTES)) {
            GetConvergenceResponse answer = wait.isPresent()
                    ? await(connection, limit, call.timeout(), wait.get())
                    : ask(connection, limit, call.timeout());
            return call.show(new ConvergenceAnswer(answer, wait.isPresent()));
        }
    }

    /** Asks again until all nodes have everything or the time is over; a distributor that restarts meanwhile may. */
    private static GetConvergenceResponse await(
            ServiceConnection connection, int limit, Duration timeout, Duration wait) {
        long end = System.nanoTime() + wait.toNanos();
        while (true) {
            try {
                GetConvergenceResponse answer = ask(connection, limit, timeout);
                if (ConvergenceAnswer.isComplete(answer) || System.nanoTime() - end >= 0) {
                    return answer;
                }
            } catch (AgentException e) {
                boolean mayPass = e.getCause() instanceof StatusRuntimeException failure
                        && failure.getStatus().getCode() == Status.Code.UNAVAILABLE;
                if (!mayPass || System.nanoTime() - end >= 0) {
                    throw e;
                }
            }
            LockSupport.parkNanos(Math.min(PAUSE.toNanos(), Math.max(0, end - System.nanoTime())));
        }
    }

    private static GetConvergenceResponse ask(ServiceConnection connection, int limit, Duration timeout) {
        try {
            return RouteServiceGrpc.newBlockingStub(connection.channel())
                    .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .getConvergence(
                            GetConvergenceRequest.newBuilder().setLimit(limit).build());
        } catch (StatusRuntimeException e) {
            throw connection.explain(e, timeout);
        }
    }
}
