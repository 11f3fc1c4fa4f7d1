package io.fairlead.node.cni;

import java.util.Map;

/** The commands of the specification that reach the agent. VERSION is answered by the shim and here alike. */
enum CniCommand {
    ADD(CniVersion.V0_3_1),
    DEL(CniVersion.V0_3_1),
    CHECK(CniVersion.V0_4_0),
    STATUS(CniVersion.V1_1_0),
    GC(CniVersion.V1_1_0),
    VERSION(CniVersion.V0_3_1);

    private final CniVersion since;

    CniCommand(CniVersion since) {
        this.since = since;
    }

    /** The first version that has the command. */
    CniVersion since() {
        return since;
    }

    static CniCommand of(Map<String, String> environment) {
        String name = environment.getOrDefault("CNI_COMMAND", "");
        for (CniCommand command : values()) {
            if (command.name().equals(name)) {
                return command;
            }
        }
        throw new CniException(
                CniCode.INVALID_ENVIRONMENT,
                "CNI_COMMAND: \"" + name + "\" (expected: ADD, DEL, CHECK, STATUS, GC or VERSION)");
    }
}
