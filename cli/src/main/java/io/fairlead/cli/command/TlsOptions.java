package io.fairlead.cli.command;

import io.fairlead.cli.client.ServiceTls;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The certificate with which the command asks services, as the command line and the environment say it. */
public final class TlsOptions {
    private static final String CERT = "--tls-cert-file";
    private static final String KEY = "--tls-key-file";
    private static final String CA = "--tls-ca-file";

    private TlsOptions() {}

    /** For the top of the command tree. */
    public static List<OptionSpec> options() {
        return List.of(
                option(CERT, "PEM certificate for services, CN admin:NAME; without it connections are plain"),
                option(KEY, "PEM private key of the certificate"),
                option(CA, "PEM certificates of the authorities that services' certificates are from"));
    }

    private static OptionSpec option(String name, String description) {
        return OptionSpec.builder(name)
                .type(String.class)
                .paramLabel("PATH")
                .scopeType(ScopeType.INHERIT)
                .description(description + " (or " + variable(name) + ").")
                .build();
    }

    private static String variable(String option) {
        return "FAIRLEAD_" + option.substring(2).toUpperCase(Locale.ROOT).replace('-', '_');
    }

    /** What a call is to use. */
    public static ServiceTls of(Invocation call) {
        return of(call.spec(), call.console().environment());
    }

    /** @throws ParameterException unless all three are given, or none */
    public static ServiceTls of(CommandSpec command, Map<String, String> environment) {
        String cert = text(command, environment, CERT);
        String key = text(command, environment, KEY);
        String ca = text(command, environment, CA);
        if (cert.isEmpty() && key.isEmpty() && ca.isEmpty()) {
            return ServiceTls.NONE;
        }
        if (cert.isEmpty() || key.isEmpty() || ca.isEmpty()) {
            String missing = cert.isEmpty() ? CERT : key.isEmpty() ? KEY : CA;
            throw new ParameterException(
                    command.commandLine(),
                    missing + ": missing (expected: all of " + CERT + ", " + KEY + " and " + CA + ", or none)");
        }
        try {
            return new ServiceTls(Optional.of(new ServiceTls.Pem(Path.of(cert), Path.of(key), Path.of(ca))));
        } catch (InvalidPathException e) {
            throw new ParameterException(
                    command.commandLine(),
                    CERT + ": " + e.getInput() + " (expected: a path: " + e.getReason() + ")",
                    e);
        }
    }

    private static String text(CommandSpec command, Map<String, String> environment, String name) {
        OptionSpec option = command.findOption(name);
        Object given = option == null ? null : option.getValue();
        return given == null ? environment.getOrDefault(variable(name), "") : given.toString();
    }
}
