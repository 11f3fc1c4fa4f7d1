package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.bpf.StructCodec.Value;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** The map "ipcache": identity of the addresses of a prefix; the longest prefix counts. */
public final class IpcacheMap extends MapTable<Cidr, IpcacheEntry> {
    private final Fields fields;
    private final StructCodec value;
    private final Prefixes prefixes;
    private final BpfMap generation;

    /**
     * @param map the open map "ipcache"
     * @param generation the open map "generation", which counts its changes
     */
    public IpcacheMap(BpfSpec spec, BpfMap map, BpfMap generation) {
        super(map);
        this.generation = generation;
        fields = new Fields(spec);
        prefixes = new Prefixes(spec, map);
        value = spec.struct(map.spec().valueType());
    }

    @Override
    public Map<Cidr, KernelException> upsert(Map<Cidr, IpcacheEntry> entries) {
        try {
            return super.upsert(entries);
        } finally {
            count();
        }
    }

    @Override
    public Map<Cidr, KernelException> delete(Collection<Cidr> keys) {
        try {
            return super.delete(keys);
        } finally {
            count();
        }
    }

    /** Connections look identities up again. */
    private void count() {
        generation.read(Integer.BYTES, 1, (keys, values, count) -> {
            if (count > 0) {
                generation.updateOne(keys, Bpf.integer(values.getInt(0) + 1));
            }
        });
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
    void writeValue(ByteBuffer values, int offset, IpcacheEntry entry) {
        Value written =
                value.at(values, offset).putInt("identity", entry.identity().value());
        entry.host().ifPresent(host -> fields.putIp(written, "host.", host));
    }

    @Override
    IpcacheEntry readValue(ByteBuffer values, int offset) {
        Value read = value.at(values, offset);
        Optional<Ip> host =
                read.getInt("host.family") == 0 ? Optional.empty() : Optional.of(fields.getIp(read, "host."));
        return new IpcacheEntry(new IdentityId(read.getInt("identity")), host);
    }
}
