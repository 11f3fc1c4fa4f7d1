package io.fairlead.cli.monitor;

import java.util.HexFormat;

/** Bytes as {@code hexdump -C} shows them, without its last line. */
final class HexDump {
    private static final int WIDTH = 16;
    private static final HexFormat HEX = HexFormat.of();

    private HexDump() {}

    static void append(byte[] bytes, StringBuilder to) {
        for (int line = 0; line < bytes.length; line += WIDTH) {
            to.append(HEX.toHexDigits(line)).append(' ');
            for (int i = line; i < line + WIDTH; i++) {
                to.append(i % 8 == 0 ? " " : "");
                to.append(i < bytes.length ? HEX.toHexDigits(bytes[i]) : "  ").append(' ');
            }
            to.append(" |");
            for (int i = line; i < Math.min(line + WIDTH, bytes.length); i++) {
                to.append(bytes[i] >= 32 && bytes[i] < 127 ? (char) bytes[i] : '.');
            }
            to.append("|\n");
        }
    }
}
