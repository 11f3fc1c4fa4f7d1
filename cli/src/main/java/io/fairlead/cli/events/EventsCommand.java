package io.fairlead.cli.events;

import io.fairlead.cli.client.AgentException;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.Specs;
import io.fairlead.contract.events.EventKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code fairlead events}: prints what is in the topics, and what comes with {@code -f} until it is interrupted. */
public final class EventsCommand implements Run {
    private static final String SERVERS = "--kafka-servers";
    private static final String SERVERS_VARIABLE = "FAIRLEAD_EVENTS_KAFKA_SERVERS";
    private static final String CONFIG = "--kafka-config";
    private static final String PREFIX = "--topic-prefix";
    private static final String TOPIC = "--topic";
    private static final String SINCE = "--since";
    private static final String BEGINNING = "--from-beginning";
    private static final String FOLLOW = "--follow";
    private static final Pattern AGO = Pattern.compile("([0-9]{1,6})(s|m|h)");

    /** The command with its options. */
    public static CommandSpec spec() {
        return Specs.described(
                        new EventsCommand(),
                        "events",
                        "What changed in the cluster, as the services told Kafka: from the beginning, or with -f from"
                                + " now on.")
                .addOption(text(SERVERS, "HOST:PORT,…", "The brokers (or " + SERVERS_VARIABLE + ")."))
                .addOption(text(CONFIG, "FILE", "Kafka's properties for TLS and SASL."))
                .addOption(text(PREFIX, "TEXT", "What topics start with. Default: " + EventKind.DEFAULT_PREFIX))
                .addOption(OptionSpec.builder(TOPIC)
                        .type(List.class)
                        .auxiliaryTypes(String.class)
                        .splitRegex(",")
                        .paramLabel("NAME")
                        .description("Only these: " + String.join(", ", names()) + ".")
                        .build())
                .addOption(text(SINCE, "TIME", "From then on: 15m ago, or 2026-11-22T21:00:00Z."))
                .addOption(flag("Everything there is, also with -f.", BEGINNING))
                .addOption(flag("Go on with what comes.", "-f", FOLLOW));
    }

    private static List<String> names() {
        return Arrays.stream(EventKind.values()).map(EventKind::topicName).toList();
    }

    private static OptionSpec text(String name, String label, String description) {
        return OptionSpec.builder(name)
                .type(String.class)
                .paramLabel(label)
                .description(description)
                .build();
    }

    private static OptionSpec flag(String description, String... names) {
        return OptionSpec.builder(names)
                .type(boolean.class)
                .description(description)
                .build();
    }

    @Override
    public int run(Invocation call) {
        String servers = call.<String>option(SERVERS)
                .orElseGet(() -> call.console().environment().getOrDefault(SERVERS_VARIABLE, ""));
        if (servers.isBlank()) {
            throw call.mistake(
                    SERVERS + ": none (expected: host:port of a broker, here or in " + SERVERS_VARIABLE + ")");
        }
        boolean follow = call.isSet(FOLLOW);
        Instant since = call.<String>option(SINCE)
                .map(text -> since(call, text))
                .orElse(follow && !call.isSet(BEGINNING) ? Instant.MAX : Instant.MIN);
        if (call.option(SINCE).isPresent() && call.isSet(BEGINNING)) {
            throw call.mistake(SINCE + ": together with " + BEGINNING + " (expected: one of them)");
        }
        // the client logs, and this command has nothing that takes it
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        Map<String, Object> config = new HashMap<>(secrets(call));
        config.put("bootstrap.servers", servers);
        EventPrinter printer = new EventPrinter(call.json());
        PrintWriter out = call.console().out();
        try (TopicReader reader = new TopicReader(config, call.timeout(), topics(call), since)) {
            while (follow || !reader.isAtEnd()) {
                for (String value : reader.next()) {
                    print(printer, value, call);
                }
                if (out.checkError()) {
                    return 0;
                }
            }
            return 0;
        } catch (KafkaException e) {
            throw new AgentException(
                    "Kafka at " + servers + ": " + e.getMessage() + " (expected: a broker that answers within "
                            + call.timeout().toMillis() + " ms)",
                    e);
        }
    }

    private static void print(EventPrinter printer, String value, Invocation call) {
        try {
            printer.line(value).ifPresent(call.console().out()::println);
        } catch (IllegalArgumentException e) {
            call.console().err().println("fairlead: warning: " + e.getMessage());
        }
    }

    private static List<String> topics(Invocation call) {
        String prefix = call.<String>option(PREFIX).orElse(EventKind.DEFAULT_PREFIX);
        List<String> wanted = call.<List<String>>option(TOPIC).orElseGet(EventsCommand::names);
        List<String> topics = new ArrayList<>();
        for (String name : wanted) {
            EventKind kind = EventKind.find(name)
                    .orElseThrow(() -> call.mistake(
                            TOPIC + ": " + name + " (expected: some of " + String.join(", ", names()) + ")"));
            topics.add(kind.topic(prefix));
        }
        return topics;
    }

    private static Instant since(Invocation call, String text) {
        Matcher ago = AGO.matcher(text);
        if (ago.matches()) {
            long count = Long.parseLong(ago.group(1));
            long seconds = switch (ago.group(2)) {
                case "h" -> count * 3600;
                case "m" -> count * 60;
                default -> count;
            };
            return Instant.now().minusSeconds(seconds);
        }
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw call.mistake(SINCE + ": " + text + " (expected: such as 15m, 2h or 2026-11-22T21:00:00Z)");
        }
    }

    private static Map<String, String> secrets(Invocation call) {
        Map<String, String> found = new HashMap<>();
        call.<String>option(CONFIG).ifPresent(file -> {
            Properties read = new Properties();
            try (Reader reader = Files.newBufferedReader(Path.of(file))) {
                read.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                throw call.mistake(CONFIG + ": " + file + " cannot be read (expected: a file of Kafka properties)");
            }
            read.stringPropertyNames().forEach(name -> found.put(name, read.getProperty(name)));
        });
        return found;
    }
}
