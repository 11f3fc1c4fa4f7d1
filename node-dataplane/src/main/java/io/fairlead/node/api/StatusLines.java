package io.fairlead.node.api;

import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.status.Controller;
import io.fairlead.proto.agent.v1.ControllerStatus;
import io.fairlead.proto.agent.v1.GetStatusResponse;
import io.fairlead.proto.agent.v1.StatusLine;
import io.fairlead.proto.agent.v1.StatusLine.State;
import io.fairlead.proto.route.v1.GetStatusRequest;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.StatusRuntimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The answer to {@code fairlead status}: its lines in Cilium's order, each found out when asked. */
final class StatusLines {
    private final AgentView view;

    StatusLines(AgentView view) {
        this.view = view;
    }

    GetStatusResponse answer() {
        List<StatusLine> lines = new ArrayList<>();
        lines.add(store());
        lines.add(agent());
        lines.add(line("IPAM", view.addresses().status().strip(), State.STATE_OK));
        lines.add(line("Host Routing", "BPF", State.STATE_OK));
        lines.add(line("Masquerading", "Disabled", State.STATE_DISABLED));
        lines.add(routes());
        lines.add(kernel());
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
                    ? line("KVStore", "Ok " + status.getKvstore(), State.STATE_OK)
                    : line("KVStore", "Failure " + status.getKvstore(), State.STATE_FAILURE);
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
                ? line("Fairlead", "Ok " + view.version(), State.STATE_OK)
                : line("Fairlead", "Waiting for " + String.join(", ", waiting), State.STATE_WARNING);
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
                .map(at -> "compared " + at.truncatedTo(java.time.temporal.ChronoUnit.SECONDS))
                .orElse("not compared yet");
        String text = compared + ", " + report.repaired() + " entries repaired";
        return problems.isEmpty()
                ? line("Kernel state", "Ok " + text, State.STATE_OK)
                : line("Kernel state", "Failure " + text + "; " + String.join("; ", problems), State.STATE_FAILURE);
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

    private static StatusLine line(String name, String text, State state) {
        return StatusLine.newBuilder()
                .setName(name)
                .setText(text)
                .setState(state)
                .build();
    }
}
