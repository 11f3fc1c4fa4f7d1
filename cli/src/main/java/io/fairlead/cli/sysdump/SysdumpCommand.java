package io.fairlead.cli.sysdump;

import io.fairlead.cli.client.AgentClient;
import io.fairlead.cli.client.AgentDetails;
import io.fairlead.cli.client.ConnectionAnswers;
import io.fairlead.cli.command.Invocation;
import io.fairlead.cli.command.Run;
import io.fairlead.cli.command.Specs;
import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code fairlead sysdump}. */
public final class SysdumpCommand {
    private static final String FILE = "--output-file";
    private static final String HEALTH = "--health-address";
    private static final String LOG = "--log";
    private static final String VERSION = "fairlead";
    private static final long MOST_OF_A_LOG = 20L << 20;
    private static final TextStyle STYLE = new TextStyle(true, TextStyle.Detail.VERBOSE);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
    /** Where processes of a node and of a control plane on the same machine answer by default. */
    private static final List<String> HEALTH_DEFAULTS =
            List.of("127.0.0.1:9879", "127.0.0.1:7401", "127.0.0.1:7402", "127.0.0.1:7403");

    private static final List<String> KERNEL = List.of(
            "uname -a",
            "ip -d link show",
            "ip address show",
            "ip -4 route show table all",
            "ip -6 route show table all",
            "ip nexthop show",
            "ip rule show",
            "ip neigh show",
            "ip -s -s link show",
            "bpftool net show",
            "bpftool prog show",
            "bpftool map show",
            "sysctl -a --pattern ^net\\.(ipv4|ipv6)\\.conf",
            "ss -s",
            "df -h",
            "free -m",
            "dmesg");

    private SysdumpCommand() {}

    /** The command. */
    public static CommandSpec spec() {
        return Specs.described(
                        (Run) SysdumpCommand::run,
                        "sysdump",
                        "Collects what the agent knows, what the kernel has, health, metrics and logs into a zip file"
                                + " that only its owner may read. What cannot be had is listed in it.")
                .addOption(OptionSpec.builder(FILE)
                        .type(String.class)
                        .paramLabel("FILE")
                        .description("Where to write it. Default: fairlead-sysdump-<time>.zip here")
                        .build())
                .addOption(list(
                        HEALTH,
                        "HOST:PORT",
                        "Processes to ask for health and metrics, comma separated. Default: the agent's and the"
                                + " services' on this machine"))
                .addOption(list(LOG, "FILE", "Logs to take along, comma separated; the last 20 MB of each."));
    }

    private static OptionSpec list(String name, String label, String description) {
        return OptionSpec.builder(name)
                .type(List.class)
                .auxiliaryTypes(String.class)
                .splitRegex(",")
                .paramLabel(label)
                .description(description)
                .build();
    }

    private static int run(Invocation invocation) {
        String folder = VERSION + "-sysdump-" + STAMP.format(Instant.now());
        Path file = Path.of(invocation.<String>option(FILE).orElse(folder + ".zip"));
        for (String address : addresses(invocation)) {
            if (!address.matches("([^:\\[\\]\\s/]+|\\[[0-9a-fA-F:.]+]):[0-9]{1,5}")) {
                throw invocation.mistake(HEALTH + ": " + address + " (expected: host:port or [address]:port)");
            }
        }
        try {
            List<String> missing = write(invocation, file, folder);
            missing.forEach(line -> invocation.console().err().println("fairlead: warning: not in it: " + line));
            return 0;
        } catch (FileAlreadyExistsException e) {
            throw invocation.mistake(FILE + ": " + file + " is there already (expected: a name that is free)");
        } catch (IOException e) {
            invocation.console().err().println("fairlead: " + file + ": cannot be written: " + e);
            return 1;
        }
    }

    private static List<String> write(Invocation invocation, Path file, String folder) throws IOException {
        try (Archive archive = new Archive(file, folder);
                AgentClient client = new AgentClient(invocation.socket(), invocation.timeout())) {
            for (Map.Entry<String, Function<AgentClient, Answer>> question :
                    questions().entrySet()) {
                answer(archive, question.getKey(), () -> question.getValue().apply(client));
            }
            for (String command : KERNEL) {
                String name = command.replaceAll("[^A-Za-z0-9]+", "-").replaceAll("-+$", "");
                archive.add("kernel/" + name + ".txt", () -> Programs.run(List.of(command.split(" "))));
            }
            for (String address : addresses(invocation)) {
                String name = "health/" + address.replaceAll("[^A-Za-z0-9.]+", "-");
                archive.add(name + "/healthz.json", () -> Web.page(address, "/healthz", invocation.timeout()));
                archive.add(name + "/metrics.txt", () -> Web.page(address, "/metrics", invocation.timeout()));
            }
            for (String log : invocation.<List<String>>option(LOG).orElse(List.of())) {
                archive.addEnd("logs/" + log.replaceAll("^/+", "").replace('/', '-'), Path.of(log), MOST_OF_A_LOG);
            }
            tell(invocation, file, archive);
            return archive.missing();
        }
    }

    private static void tell(Invocation invocation, Path file, Archive archive) {
        invocation
                .console()
                .out()
                .print(
                        invocation.json()
                                ? Json.render(Json.object(
                                        "file",
                                        file.toString(),
                                        "files",
                                        archive.files(),
                                        "missing",
                                        new ArrayList<>(archive.missing())))
                                : file + ": " + archive.files() + " files, "
                                        + archive.missing().size() + " could not be had\n");
    }

    private static List<String> addresses(Invocation invocation) {
        return invocation.<List<String>>option(HEALTH).orElse(HEALTH_DEFAULTS);
    }

    /** Both forms, from one answer. */
    private static void answer(Archive archive, String name, java.util.function.Supplier<Answer> question)
            throws IOException {
        List<Answer> answers = new ArrayList<>();
        archive.add("agent/" + name + ".txt", () -> {
            answers.add(question.get());
            return answers.get(0).text(STYLE);
        });
        if (!answers.isEmpty()) {
            archive.add(
                    "agent/" + name + ".json", () -> Json.render(answers.get(0).json()));
        }
    }

    private static Map<String, Function<AgentClient, Answer>> questions() {
        Map<String, Function<AgentClient, Answer>> all = new LinkedHashMap<>();
        all.put("version", client -> client.version(VERSION));
        all.put("status", AgentClient::status);
        all.put("endpoint-list", AgentClient::endpoints);
        all.put("identity-list", AgentClient::identities);
        all.put("node-list", AgentClient::nodes);
        all.put("route-list", AgentClient::routes);
        all.put("bpf-endpoint-list", AgentClient::bpfEndpoints);
        all.put("bpf-ipcache-list", AgentClient::bpfIpcache);
        all.put("bpf-metrics-list", AgentClient::bpfMetrics);
        all.put("bpf-ct-list", client -> ConnectionAnswers.connections(client, 0));
        all.put("bpf-nat-list", ConnectionAnswers::translations);
        all.put("bpf-ipmasq-list", client -> new AgentDetails(client).ipmasq());
        all.put("health-status", client -> new AgentDetails(client).health(false, false, true));
        return all;
    }

    /** For tests: the names of the agent's parts. */
    static List<String> parts() {
        return List.copyOf(questions().keySet());
    }
}
