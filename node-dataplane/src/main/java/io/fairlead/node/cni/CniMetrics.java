package io.fairlead.node.cni;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** How many requests of runtimes there were, how they ended and how long they took, by command. Any thread may count. */
final class CniMetrics {
    /** A command the specification does not know has this name: what a caller invents must not become time series. */
    static final String UNKNOWN = "UNKNOWN";

    // a pod starts in milliseconds; one that waits for an identity or a block takes seconds
    private static final Duration[] STEPS = {
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30)
    };

    private final MeterRegistry registry;

    CniMetrics(MeterRegistry registry) {
        this.registry = registry;
        // there before the first one: a rate needs a beginning
        for (CniCommand command : CniCommand.values()) {
            for (String outcome : List.of("success", "fail")) {
                requests(command.name(), outcome);
            }
            duration(command.name());
        }
    }

    /** Carries a request out and counts it. */
    CniReply measured(CniRequest request, Supplier<CniReply> work) {
        long began = System.nanoTime();
        CniReply reply = work.get();
        String command = command(request);
        duration(command).record(Duration.ofNanos(System.nanoTime() - began));
        requests(command, reply.exitCode() == 0 ? "success" : "fail").increment();
        return reply;
    }

    private static String command(CniRequest request) {
        String name = request.environment().getOrDefault("CNI_COMMAND", "");
        return Arrays.stream(CniCommand.values())
                .map(CniCommand::name)
                .filter(name::equals)
                .findFirst()
                .orElse(UNKNOWN);
    }

    private Counter requests(String command, String outcome) {
        return Counter.builder("fairlead.cni.requests")
                .description("requests of container runtimes")
                .tag("command", command)
                .tag("outcome", outcome)
                .register(registry);
    }

    private Timer duration(String command) {
        return Timer.builder("fairlead.cni.request.duration")
                .description("how long requests of container runtimes take")
                .tag("command", command)
                .serviceLevelObjectives(STEPS)
                .register(registry);
    }
}
