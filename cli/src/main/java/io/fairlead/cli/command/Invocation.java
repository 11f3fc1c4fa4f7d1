package io.fairlead.cli.command;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * A command as it was called.
 *
 * @param spec the command, its options and arguments having their values
 * @param socket of the agent
 * @param timeout of one call
 * @param json whether the output is to be JSON
 * @param style of other output
 * @param console where output goes
 */
public record Invocation(
        CommandSpec spec, Path socket, Duration timeout, boolean json, TextStyle style, Console console) {

    /**
     * Where output goes.
     *
     * @param out what was asked for
     * @param err what went wrong
     * @param environment variables of the process
     */
    public record Console(PrintWriter out, PrintWriter err, Map<String, String> environment) {}

    /** The value of an option; empty when it was not given and has no default. */
    @SuppressWarnings("unchecked")
    public <T> Optional<T> option(String name) {
        OptionSpec option = spec.findOption(name);
        return option == null ? Optional.empty() : Optional.ofNullable((@Nullable T) option.getValue());
    }

    /** Whether an option without a value was given. */
    public boolean isSet(String name) {
        return option(name).filter(Boolean.TRUE::equals).isPresent();
    }

    /** The arguments from a position on. */
    @SuppressWarnings("unchecked")
    public List<String> arguments(int position) {
        Object value = spec.positionalParameters().get(position).getValue();
        if (value == null) {
            return List.of();
        }
        return value instanceof List<?> list ? (List<String>) list : List.of(String.valueOf(value));
    }

    /** Prints an answer and gives the exit code. */
    public int show(Answer answer) {
        console.out().print(json ? Json.render(answer.json()) : answer.text(style));
        answer.warning().ifPresent(text -> console.err().println("fairlead: warning: " + text));
        return answer.healthy() ? 0 : 1;
    }

    /** A mistake of the one who called. */
    public ParameterException mistake(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
