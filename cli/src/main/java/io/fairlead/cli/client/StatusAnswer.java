package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.cli.output.TextStyle.Detail;
import io.fairlead.proto.agent.v1.ControllerStatus;
import io.fairlead.proto.agent.v1.GetStatusResponse;
import io.fairlead.proto.agent.v1.StatusLine;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * {@code status}: the agent's lines in its order. The controllers' line stands after those on masquerading and the clock, or last.
 *
 * @param clock for how long ago something was
 */
record StatusAnswer(GetStatusResponse message, Clock clock) implements Answer {
    /** Lines for --verbose alone. */
    private static final Set<String> DETAILS =
            Set.of("Allocated addresses", "Clock Source for BPF", "KubeProxyReplacement Details", "BPF Maps");

    private static final Set<String> BEFORE_CONTROLLERS = Set.of("Masquerading", "Clock Source for BPF");

    @Override
    public String text(TextStyle style) {
        return switch (style.detail()) {
            case BRIEF -> brief();
            case NORMAL, VERBOSE -> full(style);
        };
    }

    @Override
    public boolean healthy() {
        return message.getHealthy();
    }

    private String brief() {
        if (message.getHealthy()) {
            return "OK\n";
        }
        List<String> errors = new ArrayList<>();
        for (StatusLine line : message.getLinesList()) {
            if (line.getState() == StatusLine.State.STATE_FAILURE) {
                errors.add("error in " + line.getName().toLowerCase(Locale.ROOT) + ": " + line.getText());
            }
        }
        for (ControllerStatus controller : failing()) {
            errors.add("error in controller " + controller.getName() + ": " + controller.getLastError());
        }
        if (errors.isEmpty()) {
            errors.add("error in agent: it is not healthy and names no reason");
        }
        return String.join("\n", errors) + "\n";
    }

    private String full(TextStyle style) {
        List<StatusLine> lines = message.getLinesList().stream()
                .filter(line -> style.detail() == Detail.VERBOSE || !DETAILS.contains(line.getName()))
                .toList();
        List<ControllerStatus> shown = style.detail() == Detail.VERBOSE ? message.getControllersList() : failing();
        int healthy = message.getControllersCount() - failing().size();
        int place = placeOfControllers(lines);
        int width =
                lines.stream().mapToInt(line -> line.getName().length()).max().orElse(0);
        width = Math.max(width, "Controller Status".length());
        StringBuilder text = new StringBuilder();
        for (int i = 0; i <= lines.size(); i++) {
            if (i == place) {
                line(text, width, "Controller Status", healthy + "/" + message.getControllersCount() + " healthy");
                text.append(controllers(shown, style.headers()).indent(2));
            }
            if (i < lines.size()) {
                line(text, width, lines.get(i).getName(), lines.get(i).getText());
            }
        }
        return text.toString();
    }

    /** Further lines of a value stand under it; those that are indented already stay where they are. */
    private static void line(StringBuilder text, int width, String name, String value) {
        text.append(name).append(':');
        List<String> lines = value.stripTrailing().lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (i > 0) {
                text.append('\n');
            }
            int indent = i == 0 ? width - name.length() + 3 : line.startsWith("  ") ? 0 : width + 4;
            text.append(line.isEmpty() ? "" : " ".repeat(indent) + (i == 0 ? line.strip() : line));
        }
        text.append('\n');
    }

    private static int placeOfControllers(List<StatusLine> lines) {
        int place = -1;
        for (int i = 0; i < lines.size(); i++) {
            if (BEFORE_CONTROLLERS.contains(lines.get(i).getName())) {
                place = i + 1;
            }
        }
        return place < 0 ? lines.size() : place;
    }

    private List<ControllerStatus> failing() {
        return message.getControllersList().stream()
                .filter(controller -> controller.getConsecutiveFailures() != 0)
                .toList();
    }

    private String controllers(List<ControllerStatus> shown, boolean headers) {
        if (shown.isEmpty()) {
            return "";
        }
        Table table = new Table("Name", "Last success", "Last error", "Count", "Message");
        for (ControllerStatus controller : shown) {
            boolean failing = controller.getConsecutiveFailures() != 0;
            table.row(
                    controller.getName(),
                    ago(controller.getLastSuccessMs()),
                    ago(controller.getLastFailureMs()),
                    Integer.toUnsignedString(controller.getConsecutiveFailures()),
                    failing ? controller.getLastError() : "no error");
        }
        return table.render(headers);
    }

    /** "4m10s ago"; "never" for 0. */
    private String ago(long millis) {
        if (millis == 0) {
            return "never";
        }
        long seconds = Math.max(0, clock.millis() - millis) / 1000;
        if (seconds >= 3600) {
            return seconds / 3600 + "h" + seconds % 3600 / 60 + "m ago";
        }
        return (seconds >= 60 ? seconds / 60 + "m" : "") + seconds % 60 + "s ago";
    }

    @Override
    public Object json() {
        return Json.object(
                "node",
                message.getNodeName(),
                "healthy",
                message.getHealthy(),
                "lines",
                message.getLinesList().stream()
                        .map(line -> Json.object(
                                "name", line.getName(), "state", state(line.getState()), "msg", line.getText()))
                        .toList(),
                "controllers",
                message.getControllersList().stream()
                        .map(controller -> Json.object(
                                "name",
                                controller.getName(),
                                "status",
                                Json.object(
                                        "consecutive-failure-count",
                                                Integer.toUnsignedLong(controller.getConsecutiveFailures()),
                                        "last-failure-msg", controller.getLastError(),
                                        "last-failure-timestamp", timestamp(controller.getLastFailureMs()),
                                        "last-success-timestamp", timestamp(controller.getLastSuccessMs()))))
                        .toList());
    }

    private static String state(StatusLine.State state) {
        return switch (state) {
            case STATE_OK -> "Ok";
            case STATE_DISABLED -> "Disabled";
            case STATE_WARNING -> "Warning";
            case STATE_FAILURE -> "Failure";
            case STATE_UNSPECIFIED, UNRECOGNIZED -> "Unknown";
        };
    }

    private static String timestamp(long millis) {
        return millis == 0 ? "" : Instant.ofEpochMilli(millis).toString();
    }
}
