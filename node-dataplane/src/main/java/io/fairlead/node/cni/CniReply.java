package io.fairlead.node.cni;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What the shim prints and how it ends.
 *
 * @param exitCode 0 for success
 * @param output of the standard output, may be empty
 */
record CniReply(int exitCode, String output) {
    /** Version of an error when the configuration's is not known. */
    static final String FALLBACK_VERSION = CniVersion.V1_1_0.text();

    static final CniReply EMPTY = new CniReply(0, "");

    static CniReply of(ObjectNode result) {
        return new CniReply(0, line(result));
    }

    static CniReply failure(String version, CniException failure) {
        ObjectNode error = JsonNodeFactory.instance
                .objectNode()
                .put("cniVersion", version)
                .put("code", failure.code().number())
                .put("msg", failure.getMessage())
                .put("details", failure.details());
        return new CniReply(1, line(error));
    }

    private static String line(ObjectNode node) {
        return node + "\n";
    }
}
