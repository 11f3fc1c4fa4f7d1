package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.bpf.Btf.Kind;
import io.fairlead.node.kernel.bpf.Btf.Member;
import io.fairlead.node.kernel.bpf.StructCodec.Field;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What is in a compiled object: structs, enums, maps, constants and programs. Reading it needs no privilege. */
public final class BpfSpec {
    private static final String DATAPATH = "/bpf/fairlead.bpf.o";

    private final byte[] object;
    private final Btf btf;
    private final Map<String, MapSpec> maps = new TreeMap<>();
    private final Map<String, Field> constants;
    private final List<String> programs;

    /**
     * A map as the object declares it.
     *
     * @param type number of the kernel's enum bpf_map_type
     * @param keySize in bytes
     * @param valueSize in bytes
     * @param maxEntries most entries it holds
     * @param flags of its creation
     * @param keyType name of the key's C type, empty for none
     * @param valueType name of the value's C type, empty for none
     */
    public record MapSpec(
            int type, int keySize, int valueSize, int maxEntries, int flags, String keyType, String valueType) {
        /** The same of another size. */
        MapSpec withMaxEntries(int entries) {
            return new MapSpec(type, keySize, valueSize, entries, flags, keyType, valueType);
        }
    }

    private BpfSpec(byte[] object) {
        this.object = object;
        Elf elf = new Elf(object);
        btf = new Btf(elf.section(".BTF")
                .orElseThrow(() -> new IllegalArgumentException("object: no .BTF (expected: compiled with -g)")));
        btf.find(Kind.DATASEC, ".maps")
                .ifPresent(section -> btf.members(section)
                        .forEach(map -> maps.put(map.name(), map(btf.resolve(btf.target(map.type()))))));
        constants = elf.symbols(".rodata").stream()
                .filter(s -> btf.find(Kind.VAR, s.name()).isPresent())
                .collect(Collectors.toUnmodifiableMap(
                        Elf.Symbol::name, s -> new Field(s.offset(), s.size()), (first, second) -> first));
        programs = elf.symbols("tc").stream()
                .map(Elf.Symbol::name)
                .filter(n -> btf.find(Kind.FUNC, n).isPresent())
                .sorted()
                .toList();
    }

    /**
     * Reads an object.
     *
     * @throws IllegalArgumentException when it is no BPF object with type information
     */
    public static BpfSpec parse(byte[] object) {
        return new BpfSpec(object.clone());
    }

    /** The datapath that is packed into this jar. */
    public static BpfSpec datapath() {
        try (InputStream in = BpfSpec.class.getResourceAsStream(DATAPATH)) {
            if (in == null) {
                throw new IllegalStateException(
                        "resource " + DATAPATH + ": missing (expected: compiled into the jar by the build)");
            }
            return new BpfSpec(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private MapSpec map(int definition) {
        int type = 0;
        int entries = 0;
        int flags = 0;
        int key = 0;
        int value = 0;
        for (Member member : btf.members(definition)) {
            int pointed = btf.target(btf.resolve(member.type()));
            switch (member.name()) {
                case "type" -> type = btf.elements(pointed);
                case "max_entries" -> entries = btf.elements(pointed);
                case "map_flags" -> flags = btf.elements(pointed);
                case "key" -> key = pointed;
                case "value" -> value = pointed;
                default ->
                    throw new IllegalArgumentException("map definition: " + member.name()
                            + " (expected: type, max_entries, map_flags, key or value)");
            }
        }
        // a ring buffer has neither
        return new MapSpec(
                type,
                key == 0 ? 0 : btf.size(key),
                value == 0 ? 0 : btf.size(value),
                entries,
                flags,
                key == 0 ? "" : btf.name(key),
                value == 0 ? "" : btf.name(value));
    }

    byte[] object() {
        return object.clone();
    }

    /** The maps by name. */
    public Map<String, MapSpec> maps() {
        return Map.copyOf(maps);
    }

    /** @throws IllegalArgumentException when there is no such map */
    public MapSpec map(String name) {
        MapSpec spec = maps.get(name);
        if (spec == null) {
            throw new IllegalArgumentException("map: " + name + " (expected: one of " + maps.keySet() + ")");
        }
        return spec;
    }

    /** Constants that can be set before loading, with their place among the read-only data. */
    public Map<String, Field> constants() {
        return constants;
    }

    /** Names of the programs, sorted. */
    public List<String> programs() {
        return programs;
    }

    /** @throws IllegalArgumentException when there is no such struct */
    public StructCodec struct(String name) {
        return StructCodec.named(btf, name);
    }

    /** Names and numbers of an enum. */
    public Map<String, Integer> enumeration(String name) {
        return btf.values(btf.find(Kind.ENUM, name)
                .orElseThrow(() -> new IllegalArgumentException("enum: " + name + " (expected: one of the object's)")));
    }

    /** Number of a name of an enum. */
    int number(String enumeration, String name) {
        Integer number = enumeration(enumeration).get(name);
        if (number == null) {
            throw new IllegalArgumentException("enum " + enumeration + ": no " + name + " (expected: as in lib/abi.h)");
        }
        return number;
    }
}
