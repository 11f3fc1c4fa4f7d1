package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Cidr;
import io.fairlead.node.kernel.NoMasquerade;
import java.nio.ByteBuffer;

/** The map "no_masquerade": destinations that see pods' own addresses. */
public final class NoMasqueradeMap extends MapTable<Cidr, NoMasquerade> {
    private final StructCodec value;
    private final Prefixes prefixes;
    private final int natively;
    private final int agent;

    /** @param map the open map "no_masquerade" */
    public NoMasqueradeMap(BpfSpec spec, BpfMap map) {
        super(map);
        prefixes = new Prefixes(spec, map);
        value = spec.struct(map.spec().valueType());
        natively = spec.number("no_masquerade", "NO_MASQUERADE_NATIVE");
        agent = spec.number("no_masquerade", "NO_MASQUERADE_AGENT");
    }

    @Override
    void writeKey(ByteBuffer keys, int offset, Cidr cidr) {
        prefixes.put(keys, offset, cidr);
    }

    @Override
    Cidr readKey(ByteBuffer keys, int offset) {
        return prefixes.get(keys, offset);
    }

    @Override
    void writeValue(ByteBuffer values, int offset, NoMasquerade why) {
        value.at(values, offset).putInt("why", why == NoMasquerade.NATIVE ? natively : agent);
    }

    @Override
    NoMasquerade readValue(ByteBuffer values, int offset) {
        int why = value.at(values, offset).getInt("why");
        if (why != natively && why != agent) {
            throw new IllegalArgumentException("reason: " + why + " (expected: " + natively + " or " + agent + ")");
        }
        return why == natively ? NoMasquerade.NATIVE : NoMasquerade.AGENT;
    }
}
