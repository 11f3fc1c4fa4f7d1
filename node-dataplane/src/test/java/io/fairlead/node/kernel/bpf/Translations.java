package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.bpf.StructCodec.Value;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The entries of "nat4" and "nat6", for looking at and tampering with. */
final class Translations {
    static final int HOST = 1;
    private final BpfSpec spec;
    private final BpfObject object;

    /** One entry: its key, and what it makes of an end. */
    record Translation(Ip src, int sport, Ip dst, int dport, int protocol, boolean in, Ip to, int port, int flags) {}

    Translations(BpfSpec spec, BpfObject object) {
        this.spec = spec;
        this.object = object;
    }

    List<Translation> all() {
        List<Translation> all = new ArrayList<>();
        for (String name : List.of("nat4", "nat6")) {
            BpfMap map = object.map(name);
            StructCodec keys = spec.struct(map.spec().keyType());
            StructCodec values = spec.struct(map.spec().valueType());
            map.read(values.size(), 1024, (k, v, count) -> {
                for (int i = 0; i < count; i++) {
                    Value key = keys.at(k, i * keys.size());
                    Value value = values.at(v, i * values.size());
                    all.add(new Translation(
                            Ip.of(key.getBytes("src")),
                            port(key.getBytes("sport")),
                            Ip.of(key.getBytes("dst")),
                            port(key.getBytes("dport")),
                            key.getBytes("protocol")[0] & 255,
                            key.getBytes("direction")[0] == 1,
                            Ip.of(value.getBytes("addr")),
                            port(value.getBytes("port")),
                            value.getBytes("flags")[0]));
                }
            });
        }
        return all;
    }

    List<Translation> of(boolean in) {
        return all().stream().filter(t -> t.in == in).toList();
    }

    void clear() {
        all().forEach(this::delete);
    }

    void delete(Translation t) {
        map(t).deleteOne(key(t));
    }

    /** Writes an entry as last used at the beginning of time. */
    void put(Translation t) {
        StructCodec codec = spec.struct(map(t).spec().valueType());
        Value value = codec.allocate();
        value.putBytes("addr", t.to.bytes()).putBytes("port", Frames.u16(t.port));
        value.putBytes("flags", new byte[] {(byte) t.flags, 0});
        map(t).updateOne(key(t), value.buffer());
    }

    private BpfMap map(Translation t) {
        return object.map(t.src.isV4() ? "nat4" : "nat6");
    }

    private ByteBuffer key(Translation t) {
        Value key = spec.struct(map(t).spec().keyType()).allocate();
        key.putBytes("src", t.src.bytes()).putBytes("dst", t.dst.bytes());
        key.putBytes("sport", Frames.u16(t.sport)).putBytes("dport", Frames.u16(t.dport));
        key.putBytes("protocol", new byte[] {(byte) t.protocol});
        key.putBytes("direction", new byte[] {(byte) (t.in ? 1 : 0)});
        return Bpf.buffer(key.buffer().capacity()).put(0, bytes(key.buffer()));
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] all = new byte[buffer.capacity()];
        buffer.get(0, all);
        return Arrays.copyOf(all, all.length);
    }

    private static int port(byte[] bytes) {
        return (bytes[0] & 255) << 8 | (bytes[1] & 255);
    }
}
