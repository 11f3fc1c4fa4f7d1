package io.fairlead.cli.command;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Where services are, as the command line and the environment say it. */
public final class ServiceAddress {
    private static final Pattern FORM = Pattern.compile("([^:\\[\\]\\s]+|\\[[0-9a-fA-F:.]+]):([0-9]{1,5})");
    private static final String IDENTITY = "--identity-service-address";
    private static final String IDENTITY_VARIABLE = "FAIRLEAD_IDENTITY_SERVICE_ADDRESS";
    private static final String IDENTITY_DEFAULT = "127.0.0.1:7301";

    private ServiceAddress() {}

    /**
     * The option that says where the identity-service is.
     *
     * @param what the service is needed for: "The identity-service to ask"
     */
    public static OptionSpec identityOption(String what) {
        return OptionSpec.builder(IDENTITY)
                .type(String.class)
                .paramLabel("HOST:PORT,...")
                .description(what + ", or its replicas, comma separated (or " + IDENTITY_VARIABLE + "). Default: "
                        + IDENTITY_DEFAULT)
                .build();
    }

    /** Where the identity-service is: what the option says, else the environment, else this machine. */
    public static List<InetSocketAddress> identity(Invocation call) {
        String text = call.<String>option(IDENTITY)
                .orElseGet(() -> call.console().environment().getOrDefault(IDENTITY_VARIABLE, IDENTITY_DEFAULT));
        return parse(call.spec(), IDENTITY, text);
    }

    /**
     * Addresses of replicas, separated by commas; at least one.
     *
     * @throws ParameterException naming the option when one is no address
     */
    public static List<InetSocketAddress> parse(CommandSpec command, String option, String text) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            Matcher matcher = FORM.matcher(part.strip());
            int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
            if (port < 1 || port > 65535) {
                throw new ParameterException(
                        command.commandLine(),
                        option + ": " + text
                                + " (expected: host:port or [address]:port, or several separated by commas)");
            }
            addresses.add(new InetSocketAddress(matcher.group(1), port));
        }
        return List.copyOf(addresses);
    }
}
