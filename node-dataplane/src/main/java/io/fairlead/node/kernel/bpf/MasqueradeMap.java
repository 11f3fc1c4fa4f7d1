package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.MasqueradeAddress;
import io.fairlead.node.kernel.bpf.StructCodec.Value;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The map "masquerade": what pods' packets that leave by a device are from, by ifindex. */
public final class MasqueradeMap extends MapTable<Integer, MasqueradeAddress> {
    private final StructCodec value;
    private final int ipv4;
    private final int ipv6;

    /** @param map the open map "masquerade" */
    public MasqueradeMap(BpfSpec spec, BpfMap map) {
        super(map);
        value = spec.struct(map.spec().valueType());
        ipv4 = spec.number("masquerade_flags", "MASQUERADE_IPV4");
        ipv6 = spec.number("masquerade_flags", "MASQUERADE_IPV6");
    }

    @Override
    void writeKey(ByteBuffer keys, int offset, Integer ifindex) {
        keys.putInt(offset, ifindex);
    }

    @Override
    Integer readKey(ByteBuffer keys, int offset) {
        return keys.getInt(offset);
    }

    @Override
    void writeValue(ByteBuffer values, int offset, MasqueradeAddress address) {
        Value written = value.at(values, offset);
        written.putInt(
                "flags",
                (address.ipv4().isPresent() ? ipv4 : 0) | (address.ipv6().isPresent() ? ipv6 : 0));
        address.ipv4().ifPresent(ip -> written.putBytes("ipv4", ip.bytes()));
        address.ipv6().ifPresent(ip -> written.putBytes("ipv6", ip.bytes()));
    }

    @Override
    MasqueradeAddress readValue(ByteBuffer values, int offset) {
        Value read = value.at(values, offset);
        int flags = read.getInt("flags");
        return new MasqueradeAddress(
                (flags & ipv4) == 0 ? Optional.empty() : Optional.of(Ip.of(read.getBytes("ipv4"))),
                (flags & ipv6) == 0 ? Optional.empty() : Optional.of(Ip.of(read.getBytes("ipv6"))));
    }
}
