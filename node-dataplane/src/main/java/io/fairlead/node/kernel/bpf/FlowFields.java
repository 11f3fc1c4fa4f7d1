package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.bpf.StructCodec.Field;
import java.nio.ByteBuffer;

/** Where the fields of flows' keys and entries are, found by name once. Addresses and ports are in network order. */
final class FlowFields {
    private FlowFields() {}

    /**
     * An address: 4 or 16 bytes.
     *
     * @param offset from the start of the struct
     * @param size in bytes
     */
    record Address(int offset, int size) {
        void put(ByteBuffer bytes, int base, Ip ip) {
            byte[] address = ip.bytes();
            if (address.length != size) {
                throw new IllegalArgumentException("address: " + ip + " (expected: " + size + " bytes)");
            }
            bytes.put(base + offset, address);
        }

        Ip get(ByteBuffer bytes, int base) {
            byte[] address = new byte[size];
            bytes.get(base + offset, address);
            return Ip.of(address);
        }
    }

    static Address address(StructCodec codec, String field) {
        Field found = field(codec, field);
        return new Address(found.offset(), found.size());
    }

    /** @throws IllegalArgumentException when the field is not there or of another size */
    static int offset(StructCodec codec, String field, int size) {
        Field found = field(codec, field);
        if (found.size() != size) {
            throw new IllegalArgumentException(
                    codec.name() + "." + field + ": " + found.size() + " bytes (expected: " + size + ")");
        }
        return found.offset();
    }

    static void putPort(ByteBuffer bytes, int at, int port) {
        bytes.put(at, (byte) (port >> 8)).put(at + 1, (byte) port);
    }

    static int port(ByteBuffer bytes, int at) {
        return (bytes.get(at) & 0xff) << 8 | (bytes.get(at + 1) & 0xff);
    }

    private static Field field(StructCodec codec, String field) {
        Field found = codec.fields().get(field);
        if (found == null) {
            throw new IllegalArgumentException(codec.name() + "." + field + ": no such field (expected: one of "
                    + codec.fields().keySet() + ")");
        }
        return found;
    }
}
