package io.fairlead.node.api;

import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.agent.v1.ControllerStatus;
import io.fairlead.proto.agent.v1.GetStatusResponse;
import io.fairlead.proto.agent.v1.StatusLine;
import io.fairlead.proto.agent.v1.StatusLine.State;
import io.fairlead.proto.route.v1.GetStatusRequest;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.StatusRuntimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The answer to {@code fairlead status}: its lines in Cilium's order, ours at the end, each found out when asked. */
final class StatusLines {
    private final AgentView view;

    StatusLines(AgentView view) {
        this.view = view;
    }

    GetStatusResponse answer() {
        List<StatusLine> lines = List.of(
                store(),
                disabled("KubeProxyReplacement"),
                agent(),
                DatapathLines.monitor(view.inputs().monitor()),
                HealthLines.daemon(view.inputs().health(), failing("health-")),
                line("IPAM", view.addresses().status().strip(), State.STATE_OK),
                disabled("BandwidthManager"),
                DatapathLines.hostRouting(view.inputs().hostRouting()),
                DatapathLines.masquerading(view.inputs().masquerading()),
                line(DatapathLines.CLOCK, "ktime", State.STATE_OK),
                line("Proxy Status", "No managed proxy redirect", State.STATE_OK),
                disabled("Hubble"),
                DatapathLines.services(),
                DatapathLines.maps(view.inputs().maps()),
                disabled("Encryption"),
                HealthLines.cluster(view.inputs().health()),
                line("Control plane", view.inputs().services(), State.STATE_OK),
                routes(),
                kernel(),
                policy());
        List<ControllerStatus> controllers =
                view.controllers().all().stream().map(StatusLines::controller).toList();
        boolean healthy = lines.stream().noneMatch(l -> l.getState() == State.STATE_FAILURE)
                && controllers.stream().allMatch(c -> c.getConsecutiveFailures() == 0);
        return GetStatusResponse.newBuilder()
                .addAllLines(lines)
                .addAllControllers(controllers)
                .setHealthy(healthy)
                .setNodeName(view.node().name().value())
                .build();
    }

    /** A node has no connection to the store: it asks a service that has one. */
    private StatusLine store() {
        try {
            var status = view.distributor()
                    .withDeadlineAfter(2, TimeUnit.SECONDS)
                    .getStatus(GetStatusRequest.getDefaultInstance());
            return status.getKvstoreHealthy()
                    ? line("KVStore", "Ok   " + status.getKvstore(), State.STATE_OK)
                    : line("KVStore", "Failure   " + status.getKvstore(), State.STATE_FAILURE);
        } catch (StatusRuntimeException e) {
            return line(
                    "KVStore",
                    "Unknown: the route distributor cannot be asked: " + Statuses.text(e),
                    State.STATE_WARNING);
        }
    }

    private StatusLine agent() {
        List<String> waiting =
                view.reconciler().state().missing().stream().map(Source::label).toList();
        return waiting.isEmpty()
                ? line("Fairlead", "Ok   " + version(), State.STATE_OK)
                : line("Fairlead", "Waiting for " + String.join(", ", waiting), State.STATE_WARNING);
    }

    /** "0.1.0 (v0.1.0-17d3d15)": the commit it was built from is told where it is known. */
    private String version() {
        String[] parts = view.version().split("\\+", 2);
        return parts[0] + " (v" + String.join("-", parts) + ")";
    }

    /** What the controllers of one part say is wrong. */
    private List<String> failing(String prefix) {
        return failing(view.controllers(), prefix);
    }

    private static List<String> failing(Controllers controllers, String prefix) {
        return controllers.all().stream()
                .filter(controller -> controller.name().startsWith(prefix)
                        && controller.state().consecutiveFailures() > 0)
                .map(controller -> controller.state().lastError())
                .toList();
    }

    private StatusLine routes() {
        long wanted = view.reconciler().state().routes().values().stream()
                .filter(route -> !view.node().owns(route))
                .count();
        long installed = view.reconciler().observed().routes().values().stream()
                .filter(target -> target instanceof RouteTarget.Via)
                .count();
        Report report = view.reconciler().report();
        List<String> failures = new ArrayList<>();
        report.refused().forEach((cidr, reason) -> failures.add(cidr + ": " + reason));
        report.routeFailures().forEach((cidr, reason) -> failures.add(cidr + ": " + reason));
        String text = installed + "/" + wanted + " direct node routes installed" + devices();
        return failures.isEmpty()
                ? line("Routes", text, State.STATE_OK)
                : line("Routes", text + "; " + String.join("; ", failures), State.STATE_FAILURE);
    }

    private String devices() {
        return " "
                + view.reconciler().nativeDevices().keySet().stream().sorted().toList();
    }

    private StatusLine kernel() {
        Report report = view.reconciler().report();
        List<String> problems = new ArrayList<>();
        report.unreadable().forEach((table, reason) -> problems.add(table.label() + ": " + reason));
        report.failures()
                .forEach((table, entries) -> problems.add(entries.size() + " of " + table.label() + " failing, such as "
                        + entries.values().iterator().next()));
        problems.addAll(report.problems());
        String compared = report.lastResync()
                .map(at -> "compared " + at.truncatedTo(ChronoUnit.SECONDS))
                .orElse("not compared yet");
        String text = compared + ", " + report.repaired() + " entries repaired";
        return problems.isEmpty()
                ? line("Kernel state", "Ok " + text, State.STATE_OK)
                : line("Kernel state", "Failure " + text + "; " + String.join("; ", problems), State.STATE_FAILURE);
    }

    private StatusLine policy() {
        TreeMap<Integer, String> errors = new TreeMap<>(view.inputs().policyErrors());
        if (errors.isEmpty()) {
            return line("Policy", "Ok", State.STATE_OK);
        }
        List<String> texts = new ArrayList<>();
        errors.forEach((endpoint, reason) -> texts.add("endpoint " + endpoint + ": " + reason));
        return line("Policy", "Failure " + String.join("; ", texts), State.STATE_FAILURE);
    }

    private static ControllerStatus controller(Controller controller) {
        Controller.State state = controller.state();
        return ControllerStatus.newBuilder()
                .setName(controller.name())
                .setLastSuccessMs(millis(state.lastSuccess()))
                .setLastFailureMs(millis(state.lastFailure()))
                .setConsecutiveFailures(state.consecutiveFailures())
                .setLastError(state.lastError())
                .build();
    }

    private static long millis(Optional<Instant> at) {
        return at.map(Instant::toEpochMilli).orElse(0L);
    }

    private static StatusLine disabled(String name) {
        return line(name, "Disabled", State.STATE_DISABLED);
    }

    static StatusLine line(String name, String text, State state) {
        return StatusLine.newBuilder()
                .setName(name)
                .setText(text)
                .setState(state)
                .build();
    }
}
