package io.fairlead.node.api;

import io.fairlead.contract.Ip;
import io.fairlead.node.conntrack.ConntrackTables;
import io.fairlead.node.kernel.ConnectionTable;
import io.fairlead.node.kernel.CtEntry;
import io.fairlead.node.kernel.CtEntry.Flag;
import io.fairlead.node.kernel.CtEntry.Half;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.NatEntry;
import io.fairlead.node.kernel.NatKey;
import io.fairlead.node.kernel.TranslationTable;
import io.fairlead.proto.agent.v1.BpfConnection;
import io.fairlead.proto.agent.v1.BpfNatEntry;
import io.fairlead.proto.agent.v1.FlushBpfCtRequest;
import io.fairlead.proto.agent.v1.FlushBpfCtResponse;
import io.fairlead.proto.agent.v1.ListBpfCtRequest;
import io.fairlead.proto.agent.v1.ListBpfCtResponse;
import io.fairlead.proto.agent.v1.ListBpfNatRequest;
import io.fairlead.proto.agent.v1.ListBpfNatResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/** Connections and translations as the kernel has them now, for the {@code fairlead} command. Any thread; reads block. */
public final class ConnectionLists {
    private static final long SECOND = 1_000_000_000;

    private final ConntrackTables tables;
    private final IntFunction<Set<Ip>> addresses;
    private final LongSupplier now;

    /** The numbers of flags are those that Cilium's users know. */
    private enum Shown {
        RxClosing(1),
        TxClosing(2),
        SeenNonSyn(0x10);

        private final int bit;

        Shown(int bit) {
            this.bit = bit;
        }
    }

    /**
     * @param addresses of an endpoint by its id, none when there is no such
     * @param now in ns of CLOCK_MONOTONIC: {@code System::nanoTime} on Linux
     */
    public ConnectionLists(ConntrackTables tables, IntFunction<Set<Ip>> addresses, LongSupplier now) {
        this.tables = tables;
        this.addresses = addresses;
        this.now = now;
    }

    /** One connection from where one of its ends, or neither, is looked at. */
    private record View(CtKey key, CtEntry entry, boolean incoming) {
        Ip src() {
            return begunBySecond() ? key.second() : key.first();
        }

        Ip dst() {
            return begunBySecond() ? key.first() : key.second();
        }

        int sport() {
            return begunBySecond() ? key.secondPort() : key.firstPort();
        }

        int dport() {
            return begunBySecond() ? key.firstPort() : key.secondPort();
        }

        private boolean begunBySecond() {
            return entry.flags().contains(Flag.BEGUN_BY_SECOND);
        }

        Ip endpoint() {
            return incoming ? dst() : src();
        }

        Half received() {
            return incoming ? entry.begun() : entry.answered();
        }

        Half sent() {
            return incoming ? entry.answered() : entry.begun();
        }

        boolean has(Shown flag) {
            return entry.flags()
                    .contains(
                            switch (flag) {
                                case RxClosing -> incoming ? Flag.CLOSING : Flag.CLOSING_REPLY;
                                case TxClosing -> incoming ? Flag.CLOSING_REPLY : Flag.CLOSING;
                                case SeenNonSyn -> Flag.SEEN_NON_SYN;
                            });
        }
    }

    /**
     * The connections of the node, or of one of its endpoints.
     *
     * @throws IllegalArgumentException when there is no such endpoint
     */
    public ListBpfCtResponse connections(ListBpfCtRequest request) {
        Optional<Set<Ip>> only = endpoint(request.getEndpointId());
        ListBpfCtResponse.Builder response = ListBpfCtResponse.newBuilder();
        long time = now.getAsLong();
        for (ConnectionTable table : tables.connections()) {
            List<View> views = new ArrayList<>();
            table.read((key, entry) -> add(key, entry, only, views));
            views.sort(Comparator.comparing(View::src)
                    .thenComparingInt(View::sport)
                    .thenComparing(View::dst)
                    .thenComparingInt(View::dport)
                    .thenComparing(View::incoming));
            views.forEach(view -> response.addConnections(message(view, time)));
        }
        return response.build();
    }

    private Optional<Set<Ip>> endpoint(int id) {
        if (id == 0) {
            return Optional.empty();
        }
        Set<Ip> ips = addresses.apply(id);
        if (ips.isEmpty()) {
            throw new IllegalArgumentException("endpoint: " + Integer.toUnsignedString(id)
                    + " (expected: an id of fairlead endpoint list that has an address)");
        }
        return Optional.of(ips);
    }

    /** What nobody of this node was judged for is listed as outgoing, so that nothing is hidden. */
    private static void add(CtKey key, CtEntry entry, Optional<Set<Ip>> only, List<View> to) {
        boolean incoming = entry.flags().contains(Flag.INGRESS);
        if (entry.flags().contains(Flag.EGRESS) || !incoming) {
            add(new View(key, entry, false), only, to);
        }
        if (incoming) {
            add(new View(key, entry, true), only, to);
        }
    }

    private static void add(View view, Optional<Set<Ip>> only, List<View> to) {
        if (only.isEmpty() || only.get().contains(view.endpoint())) {
            to.add(view);
        }
    }

    private static BpfConnection message(View view, long time) {
        Half received = view.received();
        Half sent = view.sent();
        CtEntry entry = view.entry();
        BpfConnection.Builder message = BpfConnection.newBuilder()
                .setProtocol(view.key().protocol())
                .setDirection(view.incoming() ? "IN" : "OUT")
                .setSrc(view.src().toString())
                .setSrcPort(view.sport())
                .setDst(view.dst().toString())
                .setDstPort(view.dport())
                .setExpires(entry.expires() / SECOND)
                .setRxPackets(received.packets())
                .setRxBytes(received.bytes())
                .setRxFlagsSeen(received.tcpFlags())
                .setLastRxReport(received.reported() / SECOND)
                .setTxPackets(sent.packets())
                .setTxBytes(sent.bytes())
                .setTxFlagsSeen(sent.tcpFlags())
                .setLastTxReport(sent.reported() / SECOND)
                .setSrcIdentity(entry.judged().srcIdentity())
                .setRemaining(Math.max(0, entry.expires() - time) / SECOND);
        int bits = 0;
        for (Shown flag : Shown.values()) {
            if (view.has(flag)) {
                bits |= flag.bit;
                message.addFlagNames(flag.name());
            }
        }
        return message.setFlags(bits).build();
    }

    /** Forgets every connection; those that go on are judged anew. */
    public FlushBpfCtResponse flush(FlushBpfCtRequest request) {
        int removed =
                tables.connections().stream().mapToInt(ConnectionTable::flush).sum();
        return FlushBpfCtResponse.newBuilder().setRemoved(removed).build();
    }

    /** The address translations of the node. */
    public ListBpfNatResponse translations(ListBpfNatRequest request) {
        ListBpfNatResponse.Builder response = ListBpfNatResponse.newBuilder();
        long time = now.getAsLong();
        record Translation(NatKey key, NatEntry entry) {}
        for (TranslationTable table : tables.translations()) {
            List<Translation> found = new ArrayList<>();
            table.read(Long.MAX_VALUE, (key, entry) -> found.add(new Translation(key, entry)));
            found.sort(Comparator.comparing((Translation t) -> t.key().direction())
                    .thenComparing(t -> t.key().protocol())
                    .thenComparing(t -> t.key().src())
                    .thenComparing(t -> t.key().sport())
                    .thenComparing(t -> t.key().dst())
                    .thenComparing(t -> t.key().dport()));
            found.forEach(t -> response.addEntries(message(t.key(), t.entry(), time)));
        }
        return response.build();
    }

    private static BpfNatEntry message(NatKey key, NatEntry entry, long time) {
        return BpfNatEntry.newBuilder()
                .setProtocol(key.protocol())
                .setDirection(key.direction().name())
                .setSrc(key.src().toString())
                .setSrcPort(key.sport())
                .setDst(key.dst().toString())
                .setDstPort(key.dport())
                .setTo(entry.to().toString())
                .setToPort(entry.port())
                .setAge(Math.max(0, time - entry.created()) / SECOND)
                .setHostLocal(entry.host())
                .build();
    }
}
