package io.fairlead.node.kernel.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Type information of an object or of the running kernel, in the format of the kernel's Documentation/bpf/btf.rst.
 *
 * <p>Types are read when asked for: a kernel has more than a hundred thousand.
 */
final class Btf {
    private static final int MAGIC = 0xeb9f;
    private static final int TYPE = 12;
    private static final int MEMBER = 12;

    private final ByteBuffer data;
    private final int strings;
    private final int[] offsets;
    private final int count;

    /** Kinds of types, in the order of their numbers, with the bytes behind the common part: fixed, and a member. */
    enum Kind {
        VOID(0, 0),
        INT(4, 0),
        PTR(0, 0),
        ARRAY(12, 0),
        STRUCT(0, MEMBER),
        UNION(0, MEMBER),
        ENUM(0, 8),
        FWD(0, 0),
        TYPEDEF(0, 0),
        VOLATILE(0, 0),
        CONST(0, 0),
        RESTRICT(0, 0),
        FUNC(0, 0),
        FUNC_PROTO(0, 8),
        VAR(4, 0),
        DATASEC(0, 12),
        FLOAT(0, 0),
        DECL_TAG(4, 0),
        TYPE_TAG(0, 0),
        ENUM64(0, 12);

        private static final Kind[] KINDS = values();
        private final int fixed;
        private final int member;

        Kind(int fixed, int member) {
            this.fixed = fixed;
            this.member = member;
        }
    }

    /**
     * A member of a struct or union.
     *
     * @param name empty when it is anonymous
     * @param type id of its type
     * @param offset in bytes
     */
    record Member(String name, int type, int offset) {}

    /** @throws IllegalArgumentException when these bytes are no BTF of this byte order */
    Btf(byte[] bytes) {
        data = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        try {
            int magic = data.getShort(0) & 0xffff;
            if (magic != MAGIC) {
                throw new IllegalArgumentException("BTF magic: 0x" + Integer.toHexString(magic) + " (expected: 0x"
                        + Integer.toHexString(MAGIC) + ")");
            }
            int header = data.getInt(4);
            int types = header + data.getInt(8);
            int end = types + data.getInt(12);
            strings = header + data.getInt(16);
            int[] found = new int[1024];
            int id = 1;
            for (int at = types; at < end; at = next(at)) {
                if (id == found.length) {
                    found = Arrays.copyOf(found, id * 2);
                }
                found[id++] = at;
            }
            offsets = found;
            count = id;
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("BTF: " + bytes.length + " bytes (expected: as many as it says)", e);
        }
    }

    private int next(int at) {
        int number = data.getInt(at + 4) >>> 24 & 0x1f;
        if (number == 0 || number >= Kind.KINDS.length) {
            throw new IllegalArgumentException("BTF kind: " + number + " (expected: 1 to 19)");
        }
        Kind kind = Kind.KINDS[number];
        return at + TYPE + kind.fixed + kind.member * (data.getInt(at + 4) & 0xffff);
    }

    /** Id of the first type of this kind and name. */
    OptionalInt find(Kind kind, String name) {
        for (int id = 1; id < count; id++) {
            if (kind(id) == kind && nameIs(data.getInt(offsets[id]), name)) {
                return OptionalInt.of(id);
            }
        }
        return OptionalInt.empty();
    }

    /** Ids of all types of a kind. */
    List<Integer> all(Kind kind) {
        List<Integer> ids = new ArrayList<>();
        for (int id = 1; id < count; id++) {
            if (kind(id) == kind) {
                ids.add(id);
            }
        }
        return ids;
    }

    Kind kind(int id) {
        return id == 0 ? Kind.VOID : Kind.KINDS[data.getInt(offsets[id] + 4) >>> 24 & 0x1f];
    }

    String name(int id) {
        return id == 0 ? "void" : string(data.getInt(offsets[id]));
    }

    /** The type a pointer, typedef, qualifier or variable refers to. */
    int target(int id) {
        return data.getInt(offsets[id] + 8);
    }

    /** The type behind typedefs and qualifiers. */
    int resolve(int id) {
        int type = id;
        while (true) {
            switch (kind(type)) {
                case TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG -> type = target(type);
                default -> {
                    return type;
                }
            }
        }
    }

    /** Number of elements of an array. */
    int elements(int id) {
        return data.getInt(offsets[id] + TYPE + 8);
    }

    /** Bytes a value of the type takes. */
    int size(int id) {
        int type = resolve(id);
        return switch (kind(type)) {
            case PTR -> 8;
            case ARRAY -> elements(type) * size(data.getInt(offsets[type] + TYPE));
            case INT, STRUCT, UNION, ENUM, ENUM64, FLOAT, DATASEC -> target(type);
            default -> 0;
        };
    }

    /** Members of a struct or union, or types of the variables of a section; bit fields are left out. */
    List<Member> members(int id) {
        int info = data.getInt(offsets[id] + 4);
        boolean bits = info < 0;
        boolean section = kind(id) == Kind.DATASEC;
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < (info & 0xffff); i++) {
            int at = offsets[id] + TYPE + i * MEMBER;
            int first = data.getInt(at);
            int offset = data.getInt(at + 8);
            if (section) {
                members.add(new Member(name(first), first, 0));
            } else if (!bits || offset >>> 24 == 0) {
                members.add(new Member(string(first), data.getInt(at + 4), (offset & 0xffffff) / 8));
            }
        }
        return members;
    }

    /** Names and numbers of an enum. */
    Map<String, Integer> values(int id) {
        Map<String, Integer> values = new LinkedHashMap<>();
        for (int i = 0; i < (data.getInt(offsets[id] + 4) & 0xffff); i++) {
            int at = offsets[id] + TYPE + i * 8;
            values.put(string(data.getInt(at)), data.getInt(at + 4));
        }
        return values;
    }

    private boolean nameIs(int offset, String name) {
        int at = strings + offset;
        for (int i = 0; i < name.length(); i++) {
            if (data.get(at + i) != name.charAt(i)) {
                return false;
            }
        }
        return data.get(at + name.length()) == 0;
    }

    private String string(int offset) {
        int start = strings + offset;
        int end = start;
        while (data.get(end) != 0) {
            end++;
        }
        return new String(data.array(), start, end - start, StandardCharsets.UTF_8);
    }
}
