package io.fairlead.cli.dissect;

import java.util.ArrayList;
import java.util.List;

/** Options of a hop-by-hop or destination header, up to the first that does not fit. */
final class Ipv6Options {
    private Ipv6Options() {}

    static List<String> of(Slice options) {
        List<String> texts = new ArrayList<>();
        Slice in = options;
        while (in.length() > 0) {
            int type = in.u8(0);
            // one byte of padding has no length
            int size = type == 0 ? 1 : in.length() < 2 ? Integer.MAX_VALUE : in.u8(1) + 2;
            if (size > in.length()) {
                break;
            }
            texts.add("{OptionType=" + type + " OptionLength=" + (type == 0 ? 0 : size - 2) + " ActualLength=" + size
                    + "}");
            in = in.from(size);
        }
        return texts;
    }
}
