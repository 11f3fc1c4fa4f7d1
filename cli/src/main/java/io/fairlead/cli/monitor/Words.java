package io.fairlead.cli.monitor;

import io.fairlead.cli.client.MonitorMessage;
import io.fairlead.contract.IdentityId;

/** Words for the numbers of events. */
final class Words {
    static final int DROP = 1;
    static final int CAPTURE = 3;
    static final int TRACE = 4;
    static final int POLICY_VERDICT = 5;

    private static final String[] POINTS = {
        "to-endpoint",
        "to-proxy",
        "to-host",
        "to-stack",
        "to-overlay",
        "from-endpoint",
        "from-proxy",
        "from-host",
        "from-stack",
        "from-overlay",
        "from-network",
        "to-network",
        "from-crypto",
        "to-crypto"
    };
    private static final String[] SUMMARIES = {
        "-> endpoint ",
        "-> proxy",
        // the last word is Cilium's, too
        "-> host from",
        "-> stack",
        "-> overlay",
        "<- endpoint ",
        "<- proxy",
        "<- host",
        "<- stack",
        "<- overlay",
        "<- network",
        "-> network"
    };
    private static final int TO_ENDPOINT = 0;
    private static final int FROM_ENDPOINT = 5;
    private static final String[] STATES = {"new", "established", "reply", "related", "reopened", "unknown"};
    private static final String[] MATCHES = {"none", "L3-Only", "L3-L4", "L4-Only", "all", "L3-Proto", "Proto-Only"};

    private Words() {}

    private static String of(String[] words, int number) {
        return number < words.length ? words[number] : Integer.toString(number);
    }

    /** "CPU 03:". */
    static String cpu(int cpu) {
        return (cpu < 10 ? "CPU 0" : "CPU ") + Integer.toUnsignedString(cpu) + ":";
    }

    /** "0x0". */
    static String mark(int mark) {
        return "0x" + Integer.toHexString(mark);
    }

    static String point(int point) {
        return of(POINTS, point);
    }

    static String summary(MonitorMessage.Packet packet) {
        int point = packet.header().subtype();
        if (point >= SUMMARIES.length) {
            return "unknown trace";
        }
        return switch (point) {
            case TO_ENDPOINT -> SUMMARIES[point] + packet.endpoint();
            case FROM_ENDPOINT -> SUMMARIES[point] + packet.header().source();
            default -> SUMMARIES[point];
        };
    }

    static String state(int state) {
        return of(STATES, state);
    }

    static String match(int match) {
        return of(MATCHES, match);
    }

    static String action(MonitorMessage.Verdict verdict) {
        if (verdict.audited()) {
            return "audit";
        }
        return verdict.verdict() < 0 ? "deny" : verdict.verdict() > 0 ? "redirect" : "allow";
    }

    /** @param numeric whether reserved ones are numbers, too */
    static String identity(int identity, boolean numeric) {
        String number = Integer.toUnsignedString(identity);
        return numeric
                ? number
                : new IdentityId(identity)
                        .reserved()
                        .map(IdentityId.Reserved::label)
                        .orElse(number);
    }

    /** The peer of the endpoint that was judged. */
    static int remote(MonitorMessage.Packet packet) {
        return packet.verdict().ingress() ? packet.sourceIdentity() : packet.destinationIdentity();
    }

    /** What was captured, in one line's words. */
    static String captureSummary(MonitorMessage.Packet packet) {
        return switch (packet.header().subtype()) {
            case 4 -> "-> " + packet.device();
            case 10 -> "-> snat " + packet.device();
            case 11 -> "<- snat " + packet.device();
            default -> "== capture " + packet.header().subtype();
        };
    }

    static String capture(MonitorMessage.Packet packet) {
        return switch (packet.header().subtype()) {
            case 4 -> "Delivery to ifindex " + packet.device();
            case 10 -> "Packet going into snat engine on ifindex " + packet.device();
            case 11 -> "Packet coming from snat engine on ifindex " + packet.device();
            default -> "Unknown message type=" + packet.header().subtype();
        };
    }
}
