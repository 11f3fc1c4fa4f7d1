package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.LocalEndpoint;
import java.nio.ByteBuffer;

/** The map "endpoints": who on this node has an address. */
public final class EndpointMap extends MapTable<Ip, LocalEndpoint> {
    private final Fields fields;
    private final StructCodec key;
    private final StructCodec value;
    private final PolicyRefs policies;
    private final int hostFlag;

    /** @param map the open map "endpoints" */
    public EndpointMap(BpfSpec spec, BpfMap map) {
        super(map, hasLock(spec, map));
        fields = new Fields(spec);
        key = spec.struct(map.spec().keyType());
        value = spec.struct(map.spec().valueType());
        policies = new PolicyRefs(spec);
        hostFlag = spec.number("endpoint_flags", "ENDPOINT_HOST");
    }

    @Override
    void writeKey(ByteBuffer keys, int offset, Ip ip) {
        fields.putIp(key.at(keys, offset), "", ip);
    }

    @Override
    Ip readKey(ByteBuffer keys, int offset) {
        return fields.getIp(key.at(keys, offset), "");
    }

    @Override
    void writeValue(ByteBuffer values, int offset, LocalEndpoint endpoint) {
        StructCodec.Value written = value.at(values, offset)
                .putInt("ifindex", endpoint.ifindex())
                .putInt("id", endpoint.id())
                .putInt("identity", endpoint.identity().value())
                .putInt("flags", endpoint.host() ? hostFlag : 0)
                .putBytes("mac", endpoint.mac().bytes())
                .putBytes("node_mac", endpoint.nodeMac().bytes());
        policies.put(written, endpoint.policy());
    }

    @Override
    LocalEndpoint readValue(ByteBuffer values, int offset) {
        StructCodec.Value endpoint = value.at(values, offset);
        return new LocalEndpoint(
                endpoint.getInt("ifindex"),
                endpoint.getInt("id"),
                (endpoint.getInt("flags") & hostFlag) != 0,
                new IdentityId(endpoint.getInt("identity")),
                policies.get(endpoint),
                Mac.of(endpoint.getBytes("mac")),
                Mac.of(endpoint.getBytes("node_mac")));
    }
}
