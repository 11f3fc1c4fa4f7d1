package io.fairlead.node.conntrack;

import io.fairlead.node.kernel.ConnectionTable;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.TranslationTable;
import io.fairlead.node.kernel.bpf.BpfMap;
import io.fairlead.node.kernel.bpf.BpfSpec;
import io.fairlead.node.kernel.bpf.CtMap;
import io.fairlead.node.kernel.bpf.NatMap;
import java.util.List;
import java.util.function.Function;

/** All tables of connections and translations. */
public record ConntrackTables(
        ConnectionTable tcp4,
        ConnectionTable any4,
        ConnectionTable tcp6,
        ConnectionTable any6,
        TranslationTable nat4,
        TranslationTable nat6) {
    static final int TCP = 6;

    /**
     * The datapath's.
     *
     * @param maps its open maps by name, such as {@code object::map}
     */
    public static ConntrackTables of(BpfSpec spec, Function<String, BpfMap> maps) {
        return new ConntrackTables(
                new CtMap(spec, maps.apply("ct4_tcp")),
                new CtMap(spec, maps.apply("ct4_any")),
                new CtMap(spec, maps.apply("ct6_tcp")),
                new CtMap(spec, maps.apply("ct6_any")),
                new NatMap(spec, maps.apply("nat4")),
                new NatMap(spec, maps.apply("nat6")));
    }

    /** The tables of connections, in the order they are shown. */
    public List<ConnectionTable> connections() {
        return List.of(tcp4, any4, tcp6, any6);
    }

    /** The tables of translations, in the order they are shown. */
    public List<TranslationTable> translations() {
        return List.of(nat4, nat6);
    }

    /** The table that a connection is in, if it is there. */
    ConnectionTable of(CtKey key) {
        boolean tcp = key.protocol() == TCP;
        return switch (key.first().family()) {
            case V4 -> tcp ? tcp4 : any4;
            case V6 -> tcp ? tcp6 : any6;
        };
    }
}
