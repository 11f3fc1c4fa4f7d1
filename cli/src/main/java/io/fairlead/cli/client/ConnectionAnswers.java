package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.BpfConnection;
import io.fairlead.proto.agent.v1.BpfNatEntry;
import io.fairlead.proto.agent.v1.FlushBpfCtRequest;
import io.fairlead.proto.agent.v1.FlushBpfCtResponse;
import io.fairlead.proto.agent.v1.ListBpfCtRequest;
import io.fairlead.proto.agent.v1.ListBpfCtResponse;
import io.fairlead.proto.agent.v1.ListBpfNatRequest;
import io.fairlead.proto.agent.v1.ListBpfNatResponse;
import java.util.List;
import java.util.Locale;

/** What the agent says of connections and translations, in the lines that Cilium's users and scripts read. */
public final class ConnectionAnswers {
    private ConnectionAnswers() {}

    /**
     * The connections in the kernel.
     *
     * @param endpoint id of the one whose connections are asked for, 0 for all
     */
    public static Answer connections(AgentClient client, int endpoint) {
        return client.call(stub -> new Connections(stub.listBpfCt(
                ListBpfCtRequest.newBuilder().setEndpointId(endpoint).build())));
    }

    /** Has all connections forgotten. */
    public static Answer flush(AgentClient client) {
        return client.call(stub -> new Flushed(stub.flushBpfCt(FlushBpfCtRequest.getDefaultInstance())));
    }

    /** The translations in the kernel. */
    public static Answer translations(AgentClient client) {
        return client.call(stub -> new Translations(stub.listBpfNat(ListBpfNatRequest.getDefaultInstance())));
    }

    private record Connections(ListBpfCtResponse message) implements Answer {
        @Override
        public String text(TextStyle style) {
            StringBuilder text = new StringBuilder();
            message.getConnectionsList().forEach(connection -> line(text, connection));
            return text.toString();
        }

        private static void line(StringBuilder text, BpfConnection connection) {
            text.append(protocol(connection.getProtocol()))
                    .append(' ')
                    .append(connection.getDirection())
                    .append(' ')
                    .append(flow(
                            connection.getSrc(), connection.getSrcPort(), connection.getDst(), connection.getDstPort()))
                    .append(" expires=")
                    .append(Long.toUnsignedString(connection.getExpires()))
                    .append(" RxPackets=")
                    .append(Long.toUnsignedString(connection.getRxPackets()))
                    .append(" RxBytes=")
                    .append(Long.toUnsignedString(connection.getRxBytes()))
                    .append(String.format(Locale.ROOT, " RxFlagsSeen=0x%02x", connection.getRxFlagsSeen()))
                    .append(" LastRxReport=")
                    .append(Long.toUnsignedString(connection.getLastRxReport()))
                    .append(" TxPackets=")
                    .append(Long.toUnsignedString(connection.getTxPackets()))
                    .append(" TxBytes=")
                    .append(Long.toUnsignedString(connection.getTxBytes()))
                    .append(String.format(Locale.ROOT, " TxFlagsSeen=0x%02x", connection.getTxFlagsSeen()))
                    .append(" LastTxReport=")
                    .append(Long.toUnsignedString(connection.getLastTxReport()))
                    .append(String.format(Locale.ROOT, " Flags=0x%04x [ ", connection.getFlags()));
            connection.getFlagNamesList().forEach(name -> text.append(name).append(' '));
            // There are no services and no other node ports: what would name them is always 0.
            text.append("] RevNAT=0 SourceSecurityID=")
                    .append(Integer.toUnsignedString(connection.getSrcIdentity()))
                    .append(" IfIndex=0\n");
        }

        @Override
        public Object json() {
            return message.getConnectionsList().stream()
                    .map(connection -> Json.object(
                            "protocol", protocol(connection.getProtocol()),
                            "direction", connection.getDirection(),
                            "source", connection.getSrc(),
                            "source-port", Integer.toUnsignedLong(connection.getSrcPort()),
                            "destination", connection.getDst(),
                            "destination-port", Integer.toUnsignedLong(connection.getDstPort()),
                            "expires", Json.unsigned(connection.getExpires()),
                            "remaining", Json.unsigned(connection.getRemaining()),
                            "rx-packets", Json.unsigned(connection.getRxPackets()),
                            "rx-bytes", Json.unsigned(connection.getRxBytes()),
                            "rx-flags-seen", Integer.toUnsignedLong(connection.getRxFlagsSeen()),
                            "last-rx-report", Json.unsigned(connection.getLastRxReport()),
                            "tx-packets", Json.unsigned(connection.getTxPackets()),
                            "tx-bytes", Json.unsigned(connection.getTxBytes()),
                            "tx-flags-seen", Integer.toUnsignedLong(connection.getTxFlagsSeen()),
                            "last-tx-report", Json.unsigned(connection.getLastTxReport()),
                            "flags", Integer.toUnsignedLong(connection.getFlags()),
                            "flag-names", List.copyOf(connection.getFlagNamesList()),
                            "source-identity", Integer.toUnsignedLong(connection.getSrcIdentity())))
                    .toList();
        }
    }

    private record Flushed(FlushBpfCtResponse message) implements Answer {
        @Override
        public String text(TextStyle style) {
            return "Flushed " + Integer.toUnsignedString(message.getRemoved()) + " entries\n";
        }

        @Override
        public Object json() {
            return Json.object("flushed", Integer.toUnsignedLong(message.getRemoved()));
        }
    }

    private record Translations(ListBpfNatResponse message) implements Answer {
        @Override
        public String text(TextStyle style) {
            StringBuilder text = new StringBuilder();
            for (BpfNatEntry entry : message.getEntriesList()) {
                text.append(protocol(entry.getProtocol()))
                        .append(' ')
                        .append(entry.getDirection())
                        .append(' ')
                        .append(flow(entry.getSrc(), entry.getSrcPort(), entry.getDst(), entry.getDstPort()))
                        .append(entry.getDirection().equals("OUT") ? " XLATE_SRC " : " XLATE_DST ")
                        .append(end(entry.getTo(), entry.getToPort()))
                        .append(" Created=")
                        .append(Long.toUnsignedString(entry.getAge()))
                        .append("sec HostLocal=")
                        .append(entry.getHostLocal() ? 1 : 0)
                        .append('\n');
            }
            return text.toString();
        }

        @Override
        public Object json() {
            return message.getEntriesList().stream()
                    .map(entry -> Json.object(
                            "protocol", protocol(entry.getProtocol()),
                            "direction", entry.getDirection(),
                            "source", entry.getSrc(),
                            "source-port", Integer.toUnsignedLong(entry.getSrcPort()),
                            "destination", entry.getDst(),
                            "destination-port", Integer.toUnsignedLong(entry.getDstPort()),
                            "to", entry.getTo(),
                            "to-port", Integer.toUnsignedLong(entry.getToPort()),
                            "age", Json.unsigned(entry.getAge()),
                            "host-local", entry.getHostLocal()))
                    .toList();
        }
    }

    private static String flow(String src, int srcPort, String dst, int dstPort) {
        return end(src, srcPort) + " -> " + end(dst, dstPort);
    }

    private static String end(String ip, int port) {
        String text = Integer.toUnsignedString(port);
        return ip.contains(":") ? "[" + ip + "]:" + text : ip + ":" + text;
    }

    /** Names of the IANA's numbers, as far as the datapath knows them. */
    private static String protocol(int number) {
        return switch (number) {
            case 1 -> "ICMP";
            case 6 -> "TCP";
            case 17 -> "UDP";
            case 58 -> "ICMPv6";
            case 132 -> "SCTP";
            default -> Integer.toUnsignedString(number);
        };
    }
}
