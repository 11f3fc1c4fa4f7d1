package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.bpf.BpfSpec.MapSpec;
import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * What a map in the kernel is.
 *
 * @param type number of the kernel's enum bpf_map_type
 * @param keySize in bytes
 * @param valueSize in bytes
 * @param maxEntries most entries it holds
 * @param flags of its creation
 */
record MapLayout(int type, int keySize, int valueSize, int maxEntries, int flags) {
    static MapLayout of(MapSpec spec) {
        return new MapLayout(spec.type(), spec.keySize(), spec.valueSize(), spec.maxEntries(), spec.flags());
    }

    /** Of an open map. */
    static MapLayout of(Path pin, int fd) {
        var info = KernelTypes.running().mapInfo().allocate();
        ByteBuffer length = Bpf.integer(info.buffer().capacity());
        Native.call("map info " + pin, () -> Bpf.LIB.bpf_obj_get_info_by_fd(fd, info.buffer(), length));
        return new MapLayout(
                info.getInt("type"),
                info.getInt("key_size"),
                info.getInt("value_size"),
                info.getInt("max_entries"),
                info.getInt("map_flags"));
    }

    /** True when entries of one are entries of the other, however many there may be. */
    boolean sameEntries(MapLayout other) {
        return withMaxEntries(0).equals(other.withMaxEntries(0));
    }

    private MapLayout withMaxEntries(int entries) {
        return new MapLayout(type, keySize, valueSize, entries, flags);
    }

    @Override
    public String toString() {
        return "type " + type + ", key " + keySize + " bytes, value " + valueSize + " bytes, " + maxEntries
                + " entries, flags " + flags;
    }
}
