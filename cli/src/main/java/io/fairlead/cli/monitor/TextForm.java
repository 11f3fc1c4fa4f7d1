package io.fairlead.cli.monitor;

import io.fairlead.cli.client.MonitorMessage;
import io.fairlead.cli.client.MonitorMessage.Packet;
import io.fairlead.cli.dissect.Dissection;
import io.fairlead.cli.dissect.Layer;

/** Lines for people. */
final class TextForm implements Form {
    private static final String SEPARATOR = "-".repeat(78);

    private final Detail detail;
    private final boolean hex;
    private final boolean numeric;
    private final Runnable firstDissection;
    // owned by: the thread that prints
    private boolean dissected;

    /** How much of a packet is shown. */
    enum Detail {
        /** One line. */
        INFO,
        /** A separator and a longer line. */
        DEBUG,
        /** And its headers. */
        VERBOSE
    }

    /**
     * @param hex the packet's bytes instead of its headers
     * @param numeric reserved identities by number
     * @param firstDissection runs before headers are first shown
     */
    TextForm(Detail detail, boolean hex, boolean numeric, Runnable firstDissection) {
        this.detail = detail;
        this.hex = hex;
        this.numeric = numeric;
        this.firstDissection = firstDissection;
    }

    @Override
    public void append(MonitorMessage message, StringBuilder to) {
        if (message instanceof MonitorMessage.Start start) {
            to.append("Press Ctrl-C to quit\nListening for events on ")
                    .append(start.cpus())
                    .append(" CPUs with ")
                    .append(start.pages())
                    .append('x')
                    .append(start.pageSize())
                    .append(" of shared memory\n");
        } else if (message instanceof MonitorMessage.Debug debug) {
            prefix(debug.header(), to);
            to.append(" DEBUG: ")
                    .append(DebugTexts.text(debug.header().subtype(), debug.arguments()))
                    .append('\n');
        } else if (message instanceof Packet packet) {
            packet(packet, to);
        } else if (message instanceof MonitorMessage.Agent agent) {
            to.append(">> ")
                    .append(agent.kind())
                    .append(": ")
                    .append(agent.json())
                    .append('\n');
        } else if (message instanceof MonitorMessage.Lost lost) {
            to.append(Words.cpu(lost.cpu()))
                    .append(" Lost ")
                    .append(Long.toUnsignedString(lost.count()))
                    .append(" events\n");
        }
    }

    private static StringBuilder prefix(MonitorMessage.Header header, StringBuilder to) {
        return to.append(Words.cpu(header.cpu()))
                .append(" MARK ")
                .append(Words.mark(header.mark()))
                .append(" FROM ")
                .append(header.source());
    }

    private void packet(Packet packet, StringBuilder to) {
        boolean verbose = detail != Detail.INFO;
        if (verbose) {
            to.append(SEPARATOR).append('\n');
        }
        content(packet, to);
        switch (packet.header().type()) {
            case Words.DROP -> drop(packet, verbose, to);
            case Words.TRACE -> trace(packet, verbose, to);
            case Words.CAPTURE -> capture(packet, verbose, to);
            case Words.POLICY_VERDICT -> verdict(packet, to);
            default ->
                prefix(packet.header(), to)
                        .append(" unknown event type=")
                        .append(packet.header().type());
        }
        to.append('\n');
    }

    /** Stands before the line: Cilium's output has it so. */
    private void content(Packet packet, StringBuilder to) {
        if (packet.payload().length == 0) {
            return;
        }
        if (hex) {
            HexDump.append(packet.payload(), to);
        } else if (detail == Detail.VERBOSE) {
            if (!dissected) {
                dissected = true;
                firstDissection.run();
            }
            Dissection dissection = Dissection.of(packet.payload());
            for (Layer layer : dissection.layers()) {
                to.append(layer.text()).append('\n');
            }
            if (dissection.truncated()) {
                to.append("  Packet has been truncated\n");
            }
        }
    }

    private String connection(Packet packet) {
        return Dissection.of(packet.payload()).connection();
    }

    private void identities(Packet packet, StringBuilder to) {
        to.append("identity ")
                .append(Words.identity(packet.sourceIdentity(), numeric))
                .append("->")
                .append(Words.identity(packet.destinationIdentity(), numeric));
    }

    private static boolean hasIdentity(Packet packet) {
        return packet.sourceIdentity() != 0 || packet.destinationIdentity() != 0;
    }

    private void trace(Packet packet, boolean verbose, StringBuilder to) {
        if (!verbose) {
            to.append(Words.summary(packet))
                    .append(" flow ")
                    .append(Words.mark(packet.header().mark()))
                    .append(' ');
            identities(packet, to);
            to.append(" state ")
                    .append(Words.state(packet.state()))
                    .append(" ifindex ")
                    .append(packet.device().isEmpty() ? "0" : packet.device())
                    .append(" orig-ip ")
                    .append(packet.originalIp())
                    .append(": ")
                    .append(connection(packet));
            return;
        }
        prefix(packet.header(), to)
                .append(' ')
                .append(Words.point(packet.header().subtype()))
                .append(": ")
                .append(packet.length())
                .append(" bytes (")
                .append(packet.payload().length)
                .append(" captured), state ")
                .append(Words.state(packet.state()));
        if (!packet.device().isEmpty()) {
            to.append(", interface ").append(packet.device());
        }
        if (hasIdentity(packet)) {
            // no ", " before it: scripts match the line as it always was
            identities(packet, to);
        }
        to.append(", orig-ip ").append(packet.originalIp());
        endpoint(packet, to);
    }

    private static void endpoint(Packet packet, StringBuilder to) {
        if (packet.endpoint() != 0) {
            to.append(", to endpoint ").append(packet.endpoint());
        }
    }

    private void drop(Packet packet, boolean verbose, StringBuilder to) {
        String reason = DropReasons.text(packet.header().subtype());
        if (!verbose) {
            to.append("xx drop (")
                    .append(reason)
                    .append(") flow ")
                    .append(Words.mark(packet.header().mark()))
                    .append(" to endpoint ")
                    .append(packet.endpoint())
                    .append(", ");
            identities(packet, to);
            to.append(": ").append(connection(packet));
            return;
        }
        prefix(packet.header(), to)
                .append(" DROP: ")
                .append(packet.length())
                .append(" bytes, reason ")
                .append(reason);
        if (hasIdentity(packet)) {
            to.append(", ");
            identities(packet, to);
        }
        endpoint(packet, to);
    }

    private void capture(Packet packet, boolean verbose, StringBuilder to) {
        if (!verbose) {
            to.append(Words.captureSummary(packet)).append(": ").append(connection(packet));
            return;
        }
        prefix(packet.header(), to)
                .append(" DEBUG: ")
                .append(packet.length())
                .append(" bytes, ")
                .append(Words.capture(packet));
    }

    private void verdict(Packet packet, StringBuilder to) {
        MonitorMessage.Verdict verdict = packet.verdict();
        to.append("Policy verdict log: flow ")
                .append(Words.mark(packet.header().mark()))
                .append(" local EP ID ")
                .append(packet.header().source())
                .append(", remote ID ")
                .append(Words.identity(Words.remote(packet), numeric))
                .append(", proto ")
                .append(verdict.protocol())
                .append(verdict.ingress() ? ", ingress" : ", egress")
                .append(", action ")
                .append(Words.action(verdict))
                .append(", match ")
                .append(Words.match(verdict.match()))
                .append(", ")
                .append(connection(packet));
    }
}
