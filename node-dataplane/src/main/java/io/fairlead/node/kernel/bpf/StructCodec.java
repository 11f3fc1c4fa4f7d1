package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.bpf.Btf.Kind;
import io.fairlead.node.kernel.bpf.Btf.Member;
import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Layout of a C struct or union: its fields by name. Fields of a nested struct are "outer.inner"; those of an anonymous
 * one belong to the outer.
 */
public final class StructCodec {
    private final String name;
    private final int size;
    private final Map<String, Field> fields;

    /**
     * A field that has a value of its own.
     *
     * @param offset from the start of the struct, in bytes
     * @param size in bytes
     */
    public record Field(int offset, int size) {}

    private StructCodec(String name, int size, Map<String, Field> fields) {
        this.name = name;
        this.size = size;
        this.fields = fields;
    }

    static StructCodec of(Btf btf, int type) {
        Map<String, Field> fields = new LinkedHashMap<>();
        collect(btf, type, "", 0, fields);
        return new StructCodec(btf.name(type), btf.size(type), fields);
    }

    /** @throws IllegalArgumentException naming the struct when there is none of this name */
    static StructCodec named(Btf btf, String name) {
        int type = btf.find(Kind.STRUCT, name)
                .orElseGet(() -> btf.find(Kind.UNION, name)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "type information: no struct " + name + " (expected: a newer kernel or object)")));
        return of(btf, type);
    }

    private static void collect(Btf btf, int type, String prefix, int base, Map<String, Field> into) {
        for (Member member : btf.members(type)) {
            int inner = btf.resolve(member.type());
            int offset = base + member.offset();
            boolean nested = btf.kind(inner) == Kind.STRUCT || btf.kind(inner) == Kind.UNION;
            if (nested) {
                String path = member.name().isEmpty() ? prefix : prefix + member.name() + ".";
                collect(btf, inner, path, offset, into);
            } else {
                into.putIfAbsent(prefix + member.name(), new Field(offset, btf.size(inner)));
            }
        }
    }

    public String name() {
        return name;
    }

    /** Bytes of the whole struct. */
    public int size() {
        return size;
    }

    /** All fields, in the order of the struct. */
    public Map<String, Field> fields() {
        return Map.copyOf(fields);
    }

    /** Bytes no field has; 0 when the struct has no hole. */
    public int holes() {
        return size - fields.values().stream().mapToInt(Field::size).sum();
    }

    /** A zeroed value of its own. */
    public Value allocate() {
        return new Value(Bpf.buffer(size), 0);
    }

    /** The value in a buffer from this offset on. */
    public Value at(ByteBuffer buffer, int offset) {
        return new Value(buffer, offset);
    }

    /** One value: bytes in a buffer, read and written by field name. Numbers are in native byte order. */
    public final class Value {
        private final ByteBuffer buffer;
        private final int base;

        private Value(ByteBuffer buffer, int base) {
            this.buffer = buffer;
            this.base = base;
        }

        /** The buffer the value is in. */
        public ByteBuffer buffer() {
            return buffer;
        }

        public Value putInt(String field, int value) {
            buffer.putInt(base + field(field, 4).offset(), value);
            return this;
        }

        public int getInt(String field) {
            return buffer.getInt(base + field(field, 4).offset());
        }

        public Value putLong(String field, long value) {
            buffer.putLong(base + field(field, 8).offset(), value);
            return this;
        }

        public long getLong(String field) {
            return buffer.getLong(base + field(field, 8).offset());
        }

        /** Writes bytes as they are and zeroes the rest of the field. */
        public Value putBytes(String field, byte[] bytes) {
            Field where = field(field, 0);
            if (bytes.length > where.size()) {
                throw new IllegalArgumentException(
                        name + "." + field + ": " + bytes.length + " bytes (expected: " + where.size() + " at most)");
            }
            buffer.put(base + where.offset(), bytes);
            for (int i = bytes.length; i < where.size(); i++) {
                buffer.put(base + where.offset() + i, (byte) 0);
            }
            return this;
        }

        public byte[] getBytes(String field) {
            Field where = field(field, 0);
            byte[] bytes = new byte[where.size()];
            buffer.get(base + where.offset(), bytes);
            return bytes;
        }

        /** @param expected size in bytes, 0 for any */
        private Field field(String field, int expected) {
            Field where = Optional.ofNullable(fields.get(field))
                    .orElseThrow(() -> new IllegalArgumentException(
                            name + "." + field + ": no such field (expected: one of " + fields.keySet() + ")"));
            if (expected != 0 && where.size() != expected) {
                throw new IllegalArgumentException(
                        name + "." + field + ": " + where.size() + " bytes (expected: " + expected + ")");
            }
            return where;
        }
    }
}
