package io.fairlead.runtime.process;

import io.fairlead.runtime.config.Config;
import io.fairlead.runtime.config.ConfigException;
import io.fairlead.runtime.config.ConfigKey;
import io.fairlead.runtime.config.ConfigKeys;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.config.Values;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.health.HealthServer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process: configuration, logging, health, start in order and stop in reverse.
 *
 * <p>A main makes one, declares its keys in {@link #keys}, and calls {@link #main} with what starts it.
 */
public final class ServiceProcess {
    private static final Logger LOGGER = LoggerFactory.getLogger(ServiceProcess.class);
    private static final String STARTING = "start";
    private static final int STOP_SECONDS = 20;

    private final String name;
    private final ConfigKeys keys;
    private final ConfigKey<Boolean> debug;
    private final ConfigKey<String> logFormat;
    private final ConfigKey<HostPort> healthAddress;

    /**
     * A process that has not started.
     *
     * @param name such as "ipam-service"
     * @param purpose what it does, in a line
     * @param healthDefault default of health-listen-address
     */
    public ServiceProcess(String name, String purpose, String healthDefault) {
        this.name = name;
        this.keys = new ConfigKeys(name, purpose);
        this.debug = keys.add("debug", Values.BOOLEAN, "false", "log more");
        this.logFormat = keys.add(
                "log-format",
                Values.oneOf(Logging.TEXT, Logging.JSON),
                Logging.TEXT,
                "form of log lines: text or json");
        this.healthAddress = keys.add(
                "health-listen-address",
                Values.HOST_PORT,
                healthDefault,
                "where /livez, /readyz, /healthz and /metrics answer");
    }

    /** What starts a process: each step registers with the life-cycle what undoes it. */
    @FunctionalInterface
    public interface Start {
        /** Starts everything; the process counts as started when the future succeeds. */
        Future<Void> start(Config config, Lifecycle life);
    }

    /** Where the process declares its own keys, before {@link #main}. */
    public ConfigKeys keys() {
        return keys;
    }

    /** Runs until SIGTERM; ends the virtual machine with 1 when the start fails. For main methods only. */
    public void main(String[] args, Start start) {
        if (ConfigKeys.helpWanted(args)) {
            print(System.out, keys.help());
            return;
        }
        Config config;
        try {
            config = keys.read(args, System.getenv());
        } catch (ConfigException e) {
            e.mistakes().forEach(mistake -> print(System.err, name + ": " + mistake + "\n"));
            System.exit(1);
            return;
        }
        Lifecycle life = new Lifecycle(Vertx.vertx());
        AtomicBoolean failed = new AtomicBoolean();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopNow(life, failed), "stop"));
        run(config, life, start).onFailure(cause -> {
            if (!isForeseen(cause)) {
                LOGGER.atError().addKeyValue("service", name).setCause(cause).log("start failed");
            }
            String said = cause.getMessage() == null ? cause.toString() : cause.getMessage();
            print(System.err, name + ": " + said + "\n");
            failed.set(true);
            // not on this thread: the hook waits for steps that may need it
            new Thread(() -> System.exit(1), "exit").start();
        });
    }

    /** Starts with a configuration that was read, and says so in the log. Stop it with {@link Lifecycle#stop}. */
    public Future<Void> run(Config config, Lifecycle life, Start start) {
        long began = System.currentTimeMillis();
        Logging.set(config.get(debug), config.get(logFormat));
        new JvmMemoryMetrics().bindTo(life.metrics());
        new UptimeMetrics().bindTo(life.metrics());
        Gauge.builder("fairlead.build.info", () -> 1)
                .description("version this process runs")
                .tags("service", name, "version", version(), "java", System.getProperty("java.version"))
                .register(life.metrics());
        LOGGER.atInfo().addKeyValue("service", name).log("starting");
        for (Config.Setting setting : config.effective()) {
            LOGGER.atInfo()
                    .addKeyValue("key", setting.key())
                    .addKeyValue("value", setting.text())
                    .addKeyValue("from", setting.origin())
                    .log("configuration");
        }
        // ready is who can be asked: the checks of subsystems that are not made yet are missing until then
        life.health().register(STARTING, () -> Future.succeededFuture(new HealthCheck.State(false, "under way")));
        return HealthServer.start(life.vertx(), config.get(healthAddress), life.health(), life.metrics())
                .compose(health -> {
                    life.onStop("health", health::stop);
                    return start.start(config, life);
                })
                .onSuccess(done -> life.health().unregister(STARTING))
                .onSuccess(done -> LOGGER.atInfo()
                        .addKeyValue(
                                "jvm_ms", ManagementFactory.getRuntimeMXBean().getUptime())
                        .log("{} started in {} ms", name, System.currentTimeMillis() - began));
    }

    /** The keys with a configuration read from arguments alone, for tests. */
    public Config configure(String... args) {
        return keys.read(args, Map.of());
    }

    /** A mistake that somebody can put right: where in the program it was noticed is of no use to them. */
    private static boolean isForeseen(Throwable cause) {
        return cause instanceof IllegalArgumentException
                || String.valueOf(cause.getMessage()).contains("(expected:");
    }

    /** Ends the virtual machine: told to stop and stopped is success, where Java would say 143. */
    private static void stopNow(Lifecycle life, AtomicBoolean failed) {
        CountDownLatch stopped = new CountDownLatch(1);
        life.stop().onComplete(done -> stopped.countDown());
        try {
            // the virtual machine ends when its hooks return, so this thread has to wait
            boolean inTime = stopped.await(STOP_SECONDS, TimeUnit.SECONDS);
            if (!inTime) {
                LOGGER.warn("stop took too long");
            } else if (!failed.get()) {
                Runtime.getRuntime().halt(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String version() {
        String version = ServiceProcess.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }

    private static void print(PrintStream stream, String text) {
        stream.print(text);
        stream.flush();
    }
}
