package io.fairlead.cli.dissect;

import java.util.List;

/** A layer's fields, in the form of gopacket's LayerString: lists longer than four are their length. */
final class Fields {
    private static final int SHOWN = 4;

    private final StringBuilder text;

    /** @param contents the header's bytes */
    Fields(String name, Slice contents, Slice payload) {
        text = new StringBuilder(192).append(name).append(" {");
        text.append("Contents=").append(list(contents)).append(" Payload=").append(list(payload));
    }

    Fields add(String name, Object value) {
        text.append(' ').append(name).append('=').append(value);
        return this;
    }

    Fields bytes(String name, Slice value) {
        return add(name, list(value));
    }

    Fields list(String name, List<String> values) {
        return add(name, values.size() > SHOWN ? "[.." + values.size() + "..]" : values);
    }

    private static String list(Slice bytes) {
        if (bytes.length() > SHOWN) {
            return "[.." + bytes.length() + "..]";
        }
        StringBuilder list = new StringBuilder("[");
        for (int i = 0; i < bytes.length(); i++) {
            list.append(i == 0 ? "" : ", ").append(bytes.u8(i));
        }
        return list.append(']').toString();
    }

    @Override
    public String toString() {
        return text + "}";
    }
}
