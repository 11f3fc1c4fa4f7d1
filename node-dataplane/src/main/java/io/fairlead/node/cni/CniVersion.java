package io.fairlead.node.cni;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The versions of the CNI specification this agent speaks, oldest first. */
enum CniVersion {
    V0_3_1("0.3.1"),
    V0_4_0("0.4.0"),
    V1_0_0("1.0.0"),
    V1_1_0("1.1.0");

    private final String text;

    CniVersion(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }

    boolean atLeast(CniVersion other) {
        return compareTo(other) >= 0;
    }

    /** @throws CniException when the version is not spoken here */
    static CniVersion parse(String text) {
        return Arrays.stream(values())
                .filter(version -> version.text.equals(text))
                .findFirst()
                .orElseThrow(() -> new CniException(
                        CniCode.INCOMPATIBLE_VERSION,
                        "cniVersion: \"" + text + "\" (expected: "
                                + Arrays.stream(values()).map(CniVersion::text).collect(Collectors.joining(", "))
                                + ")"));
    }
}
