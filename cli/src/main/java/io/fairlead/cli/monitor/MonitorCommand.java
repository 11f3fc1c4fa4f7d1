package io.fairlead.cli.monitor;

import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.client.MonitorStream;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.Specs;
import io.fairlead.cli.monitor.TextForm.Detail;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * {@code fairlead monitor}: runs until it is interrupted, its output is closed, or the agent goes away; only the last is
 * a failure.
 */
public final class MonitorCommand implements Run {
    private static final List<String> TYPES = List.of("drop", "debug", "capture", "trace", "policy-verdict", "agent");
    /** Without -v: what a line each tells enough of. The others cost the datapath most. */
    private static final List<String> INFO_TYPES = List.of("drop", "trace", "policy-verdict", "agent");

    private static final String DISSECTS = "level=info msg=\"Initializing dissection cache...\" subsys=monitor";
    private static final int CHUNK = 1 << 16;

    /** The command with its options. */
    public static CommandSpec spec() {
        return Specs.described(
                        new MonitorCommand(),
                        "monitor",
                        "What the datapath does with packets, and the agent with the datapath, from now on.")
                .addOption(OptionSpec.builder("-v", "--verbose")
                        .type(boolean[].class)
                        .arity("0")
                        .description("Debug messages, too, and more of each packet. Twice: and its headers.")
                        .build())
                .addOption(list("TYPE", "Only events of this type: " + String.join(", ", TYPES) + ".", "-t", "--type"))
                .addOption(list("ID", "Only events of this endpoint.", "--from"))
                .addOption(list("ID", "Only events of packets to this endpoint.", "--to"))
                .addOption(list("ID", "Only events from or to this endpoint.", "--related-to"))
                .addOption(flag("A JSON object a line; same as -o json.", "-j", "--json")
                        .build())
                .addOption(flag("The bytes of each packet instead of its headers.", "--hex")
                        .build())
                .addOption(flag("Reserved identities by number.", "-n", "--numeric")
                        .build());
    }

    private static OptionSpec.Builder flag(String description, String name, String... more) {
        String[] names = new String[more.length + 1];
        names[0] = name;
        System.arraycopy(more, 0, names, 1, more.length);
        return OptionSpec.builder(names).type(boolean.class).description(description);
    }

    private static OptionSpec list(String label, String description, String... names) {
        return OptionSpec.builder(names)
                .type(List.class)
                .auxiliaryTypes(String.class)
                .splitRegex(",")
                .paramLabel(label)
                .description(description)
                .build();
    }

    @Override
    public int run(Invocation call) {
        boolean json = call.json() || call.isSet("--json");
        int verbose =
                call.<boolean[]>option("--verbose").map(times -> times.length).orElse(0);
        if (json && (call.isSet("--hex") || verbose > 0)) {
            throw call.mistake("--json: together with --hex or -v (expected: --json alone)");
        }
        MonitorStream.Query query = new MonitorStream.Query(
                types(call, json || verbose > 0),
                endpoints(call, "--from"),
                endpoints(call, "--to"),
                endpoints(call, "--related-to"));
        PrintWriter out = call.console().out();
        Thread interrupted = new Thread(() -> {
            out.flush();
            // the exit code of a signal would say that something failed
            Runtime.getRuntime().halt(0);
        });
        Runtime.getRuntime().addShutdownHook(interrupted);
        try (AgentClient client = new AgentClient(call.socket(), call.timeout())) {
            print(client.monitor(query), call, json ? Detail.INFO : detail(verbose), json);
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        } finally {
            forget(interrupted);
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // it runs already
        }
    }

    private static Detail detail(int verbose) {
        return verbose == 0 ? Detail.INFO : verbose == 1 ? Detail.DEBUG : Detail.VERBOSE;
    }

    /** Prints until nobody reads any more. Lines are written together while more wait. */
    private static void print(MonitorStream stream, Invocation call, Detail detail, boolean json)
            throws InterruptedException {
        PrintWriter out = call.console().out();
        PrintWriter err = call.console().err();
        StringBuilder text = new StringBuilder(2 * CHUNK);
        Form form = json
                ? new JsonForm()
                : new TextForm(detail, call.isSet("--hex"), call.isSet("--numeric"), () -> {
                    write(text, out);
                    err.println(DISSECTS);
                    err.flush();
                });
        try {
            do {
                form.append(stream.next(), text);
            } while ((!stream.idle() && text.length() < CHUNK) || write(text, out));
        } finally {
            // what came before the agent went
            write(text, out);
        }
    }

    /** Whether somebody still reads. */
    private static boolean write(StringBuilder text, PrintWriter out) {
        out.append(text);
        text.setLength(0);
        // flushes, too
        return !out.checkError();
    }

    private static List<String> types(Invocation call, boolean all) {
        List<String> types = call.<List<String>>option("--type").orElse(List.of());
        for (String type : types) {
            if (!TYPES.contains(type)) {
                throw call.mistake("--type: " + type + " (expected: one of " + String.join(", ", TYPES) + ")");
            }
        }
        return types.isEmpty() && !all ? INFO_TYPES : types;
    }

    private static List<Integer> endpoints(Invocation call, String option) {
        List<Integer> endpoints = new ArrayList<>();
        for (String text : call.<List<String>>option(option).orElse(List.of())) {
            int id = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
            if (id < 1 || id > 65535) {
                throw call.mistake(option + ": " + text + " (expected: an endpoint's id, 1 to 65535)");
            }
            endpoints.add(id);
        }
        return endpoints;
    }
}
