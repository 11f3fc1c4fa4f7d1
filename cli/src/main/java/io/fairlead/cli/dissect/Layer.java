package io.fairlead.cli.dissect;

import java.util.function.Supplier;

/** One header of a packet. Its text is made when it is asked for: most packets are shown without. */
public final class Layer {
    private final String name;
    private final Supplier<Fields> fields;

    Layer(String name, Supplier<Fields> fields) {
        this.name = name;
        this.fields = fields;
    }

    /** Such as "Ethernet", "IPv4", "ICMPv6". */
    public String name() {
        return name;
    }

    /** All its fields: {@code UDP {Contents=[..8..] Payload=[..56..] SrcPort=40000 ...}}. */
    public String text() {
        return fields.get().toString();
    }
}
