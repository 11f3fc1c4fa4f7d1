package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Cidr;
import io.fairlead.node.kernel.NoMasquerade;
import io.fairlead.node.kernel.bpf.StructCodec.Value;
import java.nio.ByteBuffer;

/** The map "no_masquerade": destinations that see pods' own addresses. */
public final class NoMasqueradeMap extends MapTable<Cidr, NoMasquerade> {
    private final Fields fields;
    private final StructCodec key;
    private final StructCodec value;
    private final int familyBits;
    private final int natively;
    private final int agent;

    /** @param map the open map "no_masquerade" */
    public NoMasqueradeMap(BpfSpec spec, BpfMap map) {
        super(map);
        fields = new Fields(spec);
        key = spec.struct(map.spec().keyType());
        value = spec.struct(map.spec().valueType());
        familyBits = key.fields().get("family").size() * Byte.SIZE;
        natively = spec.number("no_masquerade", "NO_MASQUERADE_NATIVE");
        agent = spec.number("no_masquerade", "NO_MASQUERADE_AGENT");
    }

    @Override
    void writeKey(ByteBuffer keys, int offset, Cidr cidr) {
        Value written = key.at(keys, offset).putInt("prefixlen", familyBits + cidr.prefixLength());
        fields.putIp(written, "", cidr.address());
    }

    @Override
    Cidr readKey(ByteBuffer keys, int offset) {
        Value read = key.at(keys, offset);
        return Cidr.containing(fields.getIp(read, ""), read.getInt("prefixlen") - familyBits);
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
