package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.PodInterface;
import io.fairlead.node.kernel.bpf.StructCodec.Value;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The map "interfaces": which endpoint is behind a device, by ifindex. */
public final class InterfaceMap extends MapTable<Integer, PodInterface> {
    private final StructCodec value;
    private final PolicyRefs policies;
    private final int ipv4Flag;
    private final int ipv6Flag;

    /** @param map the open map "interfaces" */
    public InterfaceMap(BpfSpec spec, BpfMap map) {
        super(map, hasLock(spec, map));
        value = spec.struct(map.spec().valueType());
        policies = new PolicyRefs(spec);
        ipv4Flag = spec.number("interface_flags", "INTERFACE_IPV4");
        ipv6Flag = spec.number("interface_flags", "INTERFACE_IPV6");
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
    void writeValue(ByteBuffer values, int offset, PodInterface pod) {
        int flags = (pod.ipv4().isPresent() ? ipv4Flag : 0) | (pod.ipv6().isPresent() ? ipv6Flag : 0);
        Value written = value.at(values, offset)
                .putInt("id", pod.id())
                .putInt("identity", pod.identity().value())
                .putInt("flags", flags)
                .putBytes("mac", pod.mac().bytes())
                .putBytes("node_mac", pod.nodeMac().bytes());
        policies.put(written, pod.policy());
        pod.ipv4().ifPresent(ip -> written.putBytes("ipv4", ip.bytes()));
        pod.ipv6().ifPresent(ip -> written.putBytes("ipv6", ip.bytes()));
    }

    @Override
    PodInterface readValue(ByteBuffer values, int offset) {
        Value pod = value.at(values, offset);
        int flags = pod.getInt("flags");
        return new PodInterface(
                pod.getInt("id"),
                new IdentityId(pod.getInt("identity")),
                (flags & ipv4Flag) == 0 ? Optional.empty() : Optional.of(Ip.of(pod.getBytes("ipv4"))),
                (flags & ipv6Flag) == 0 ? Optional.empty() : Optional.of(Ip.of(pod.getBytes("ipv6"))),
                policies.get(pod),
                Mac.of(pod.getBytes("mac")),
                Mac.of(pod.getBytes("node_mac")));
    }
}
