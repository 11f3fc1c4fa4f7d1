package io.fairlead.node.kernel.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sections and symbols of a little-endian ELF64 object, as in the System V ABI, chapter 4. */
final class Elf {
    private static final int MAGIC = 0x464c457f;
    private static final int SYMBOLS = 2;

    private final byte[] bytes;
    private final Map<String, Section> sections = new LinkedHashMap<>();
    private final List<Symbol> symbols = new ArrayList<>();

    private record Section(int index, int type, int offset, int size, int link) {}

    /**
     * @param name its name
     * @param section where it is defined
     * @param offset in the section, in bytes
     * @param size in bytes
     */
    record Symbol(String name, String section, int offset, int size) {}

    /** @throws IllegalArgumentException when these bytes are no such object */
    Elf(byte[] bytes) {
        this.bytes = bytes;
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        try {
            if (data.getInt(0) != MAGIC || data.get(4) != 2 || data.get(5) != 1) {
                throw new IllegalArgumentException("object: no little-endian ELF64 (expected: clang's output)");
            }
            readSections(data);
            readSymbols(data);
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalArgumentException(
                    "object: " + bytes.length + " bytes (expected: as many as its headers say)", e);
        }
    }

    private void readSections(ByteBuffer data) {
        int table = Math.toIntExact(data.getLong(0x28));
        int entry = data.getShort(0x3a) & 0xffff;
        int count = data.getShort(0x3c) & 0xffff;
        int names = (int) data.getLong(table + entry * (data.getShort(0x3e) & 0xffff) + 0x18);
        for (int i = 0; i < count; i++) {
            int at = table + i * entry;
            Section section = new Section(
                    i,
                    data.getInt(at + 4),
                    (int) data.getLong(at + 0x18),
                    (int) data.getLong(at + 0x20),
                    data.getInt(at + 0x28));
            sections.putIfAbsent(string(data, names + data.getInt(at)), section);
        }
    }

    private void readSymbols(ByteBuffer data) {
        List<Map.Entry<String, Section>> byIndex = new ArrayList<>(sections.entrySet());
        for (Section table : sections.values()) {
            if (table.type != SYMBOLS) {
                continue;
            }
            int names = byIndex.stream()
                    .filter(s -> s.getValue().index == table.link)
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("object: symbols without names"))
                    .getValue()
                    .offset;
            for (int at = table.offset; at < table.offset + table.size; at += 24) {
                int owner = data.getShort(at + 6) & 0xffff;
                String name = string(data, names + data.getInt(at));
                int offset = (int) data.getLong(at + 8);
                int size = (int) data.getLong(at + 16);
                byIndex.stream()
                        .filter(s -> s.getValue().index == owner)
                        .findFirst()
                        .ifPresent(s -> symbols.add(new Symbol(name, s.getKey(), offset, size)));
            }
        }
    }

    /** Bytes of a section. */
    Optional<byte[]> section(String name) {
        return Optional.ofNullable(sections.get(name)).map(s -> Arrays.copyOfRange(bytes, s.offset, s.offset + s.size));
    }

    /** Symbols defined in a section. */
    List<Symbol> symbols(String section) {
        return symbols.stream()
                .filter(s -> s.section.equals(section) && !s.name.isEmpty())
                .toList();
    }

    private static String string(ByteBuffer data, int start) {
        int end = start;
        while (data.get(end) != 0) {
            end++;
        }
        byte[] text = new byte[end - start];
        data.get(start, text);
        return new String(text, StandardCharsets.UTF_8);
    }
}
