package io.fairlead.cli.command;

/** What a command does. */
@FunctionalInterface
public interface Run {
    /**
     * Runs it.
     *
     * @return exit code: 0, or 1 when what was asked for is not so
     * @throws io.fairlead.cli.client.AgentException when there is no answer
     * @throws picocli.CommandLine.ParameterException for an argument that is not understood
     */
    int run(Invocation invocation);
}
