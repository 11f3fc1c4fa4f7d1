package io.fairlead.cli.command;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What the specifications of all commands have in common. */
public final class Specs {
    private Specs() {}

    /**
     * A command with its help.
     *
     * @param command what it does, or a name for a group that does nothing
     * @param description one sentence or two
     */
    public static CommandSpec described(Object command, String name, String description) {
        CommandSpec spec = CommandSpec.wrapWithoutInspection(command)
                .name(name)
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .type(boolean.class)
                        .description("Print this help.")
                        .build());
        spec.usageMessage().description(description);
        return spec;
    }
}
