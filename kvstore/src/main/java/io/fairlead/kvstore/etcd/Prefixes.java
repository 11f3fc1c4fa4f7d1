package io.fairlead.kvstore.etcd;

import com.google.protobuf.ByteString;
import java.util.Comparator;
import java.util.List;

/** What a watch is about: keys under any of some prefixes, within the one range that etcd can watch in order. */
record Prefixes(List<String> all) {
    private static final Comparator<ByteString> ORDER = ByteString.unsignedLexicographicalComparator();

    Prefixes {
        if (all.isEmpty()) {
            throw new IllegalArgumentException("prefixes: none (expected: at least one)");
        }
        List<String> given = all;
        // one within another would have its entries listed twice
        all = given.stream()
                .distinct()
                .filter(p -> given.stream().noneMatch(wider -> !wider.equals(p) && p.startsWith(wider)))
                .toList();
    }

    /** First key of the range. */
    ByteString first() {
        return all.stream().map(Wire::first).min(ORDER).orElseThrow();
    }

    /** First key after the range, "\0" standing for the end of all. */
    ByteString end() {
        List<ByteString> ends = all.stream().map(Wire::end).toList();
        ByteString last = Wire.end("");
        return ends.contains(last) ? last : ends.stream().max(ORDER).orElseThrow();
    }

    boolean hold(String key) {
        for (String prefix : all) {
            if (key.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return String.join(" and ", all);
    }
}
