package io.fairlead.events.publish;

import io.fairlead.contract.events.EventKind;

/** A lane's state in words. */
final class LaneText {
    private LaneText() {}

    static String of(EventKind kind, boolean telling, Meters meters, Spool spool, Sender sender) {
        StringBuilder text = new StringBuilder(kind.topicName()).append(telling ? ": sending" : ": standing by");
        text.append(", ").append(meters.records()).append(" waiting");
        if (meters.records() > 0) {
            text.append(" for ").append(meters.lagMs() / 1000).append(" s");
        }
        append(text, spool.trouble());
        append(text, sender.trouble());
        return text.toString();
    }

    private static void append(StringBuilder text, String trouble) {
        if (!trouble.isEmpty()) {
            text.append(" (").append(trouble).append(')');
        }
    }
}
