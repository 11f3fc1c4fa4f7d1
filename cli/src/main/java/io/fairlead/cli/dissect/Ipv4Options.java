package io.fairlead.cli.dissect;

import java.util.ArrayList;
import java.util.List;

/**
 * Options of an IPv4 header, up to the first that does not fit.
 *
 * @param texts one an option
 * @param padding what is behind the end of options
 */
record Ipv4Options(List<String> texts, Slice padding) {
    static Ipv4Options of(Slice options) {
        List<String> texts = new ArrayList<>();
        Slice in = options;
        while (in.length() > 0) {
            int type = in.u8(0);
            if (type == 0) {
                texts.add("IPv4Option(0:[])");
                return new Ipv4Options(texts, in.from(1));
            }
            int size = type == 1 ? 1 : in.length() < 2 ? 0 : in.u8(1);
            if (size == 0 || (type != 1 && size < 2) || size > in.length()) {
                break;
            }
            texts.add("IPv4Option(" + type + ":" + numbers(in.first(size).from(2)) + ")");
            in = in.from(size);
        }
        return new Ipv4Options(texts, in.first(0));
    }

    private static String numbers(Slice bytes) {
        List<String> numbers = new ArrayList<>();
        for (int i = 0; i < bytes.length(); i++) {
            numbers.add(Integer.toString(bytes.u8(i)));
        }
        return "[" + String.join(" ", numbers) + "]";
    }
}
