package io.fairlead.node.api;

import io.fairlead.proto.agent.v1.StatusLine;
import io.fairlead.proto.agent.v1.StatusLine.State;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Lines of {@code fairlead status} about the datapath. Lines below the first of a text begin with two blanks. */
final class DatapathLines {
    static final String CLOCK = "Clock Source for BPF";

    private DatapathLines() {}

    static StatusLine monitor(Optional<StatusInputs.Monitor> monitor) {
        if (monitor.isEmpty()) {
            return StatusLines.line("NodeMonitor", "Disabled", State.STATE_DISABLED);
        }
        StatusInputs.Monitor numbers = monitor.get();
        String text = "Listening for events on " + numbers.cpus() + " CPUs with " + numbers.pages() + "x"
                + numbers.pageSize() + " of shared memory";
        boolean whole = numbers.lost() == 0 && numbers.unknown() == 0;
        return whole
                ? StatusLines.line("NodeMonitor", text, State.STATE_OK)
                : StatusLines.line(
                        "NodeMonitor",
                        text + "\n  " + numbers.lost() + " events lost, " + numbers.unknown()
                                + " unknown notifications",
                        State.STATE_WARNING);
    }

    static StatusLine hostRouting(StatusInputs.HostRouting routing) {
        String text =
                (routing.bpf() ? "BPF" : "Legacy") + (routing.reason().isEmpty() ? "" : " (" + routing.reason() + ")");
        return StatusLines.line("Host Routing", text, State.STATE_OK);
    }

    static StatusLine masquerading(String text) {
        return StatusLines.line("Masquerading", text, text.equals("Disabled") ? State.STATE_DISABLED : State.STATE_OK);
    }

    /** Services are no part of Fairlead: every kind of them is another's. */
    static StatusLine services() {
        return StatusLines.line("KubeProxyReplacement Details", "\n  Status:   Disabled", State.STATE_DISABLED);
    }

    static StatusLine maps(StatusInputs.Maps maps) {
        StringBuilder text = new StringBuilder("dynamic sizing: ");
        text.append(maps.ratio()
                .map(ratio -> "on (ratio: " + String.format(Locale.ROOT, "%.6f", ratio) + ")")
                .orElse("off"));
        Map<String, Long> sizes = new TreeMap<>(maps.sizes());
        if (!sizes.isEmpty()) {
            int width = sizes.keySet().stream().mapToInt(String::length).max().orElse(0);
            text.append("\n  ").append(padded("Name", width)).append("Size");
            sizes.forEach((name, size) ->
                    text.append("\n  ").append(padded(name, width)).append(size));
        }
        return StatusLines.line("BPF Maps", text.toString(), State.STATE_OK);
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()) + 3);
    }
}
