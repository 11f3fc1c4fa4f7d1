package io.fairlead.node.cni;

import io.fairlead.node.endpoint.Attachment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a runtime gave the shim: its CNI_ variables, not yet believed, and its standard input.
 *
 * @param environment the variables whose name begins with CNI_
 * @param stdin the network configuration, as bytes
 */
record CniRequest(Map<String, String> environment, ByteBuffer stdin) {
    private static final Pattern CONTAINER_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");
    private static final int MAX_CONTAINER_ID = 1024;
    /** IFNAMSIZ without the closing NUL. */
    private static final int MAX_IFNAME = 15;

    CniRequest {
        environment = Map.copyOf(environment);
        stdin = stdin.asReadOnlyBuffer();
    }

    /** The network configuration, read part by part when it is asked for. */
    CniConfig config() {
        byte[] bytes = new byte[stdin.remaining()];
        stdin.duplicate().get(bytes);
        return CniConfig.parse(bytes);
    }

    CniCommand command() {
        return CniCommand.of(environment);
    }

    CniArgs args() {
        return CniArgs.parse(variable("CNI_ARGS"));
    }

    /** Path of the network namespace; empty when the runtime has none any more. */
    String netns() {
        return variable("CNI_NETNS");
    }

    /**
     * The attachment the command is about.
     *
     * @throws CniException naming all variables that are missing or malformed
     */
    Attachment attachment(boolean needsNetns) {
        List<String> wrong = new ArrayList<>();
        String container = variable("CNI_CONTAINERID");
        if (container.length() > MAX_CONTAINER_ID
                || !CONTAINER_ID.matcher(container).matches()) {
            wrong.add(
                    problem("CNI_CONTAINERID", container, "a letter or digit, then letters, digits, '_', '.' and '-'"));
        }
        if (needsNetns && !netns().startsWith("/")) {
            wrong.add(problem("CNI_NETNS", netns(), "an absolute path"));
        }
        String ifname = variable("CNI_IFNAME");
        if (!isInterfaceName(ifname)) {
            wrong.add(problem("CNI_IFNAME", ifname, "1 to 15 bytes, not . or .., no '/', ':' or space"));
        }
        if (!wrong.isEmpty()) {
            throw new CniException(CniCode.INVALID_ENVIRONMENT, String.join("; ", wrong));
        }
        return new Attachment(container, ifname);
    }

    private String variable(String name) {
        return environment.getOrDefault(name, "");
    }

    private static String problem(String name, String value, String expected) {
        return name + ": " + (value.isEmpty() ? "missing" : "\"" + value + "\"") + " (expected: " + expected + ")";
    }

    private static boolean isInterfaceName(String name) {
        return !name.isEmpty()
                && name.getBytes(StandardCharsets.UTF_8).length <= MAX_IFNAME
                && !name.equals(".")
                && !name.equals("..")
                && name.chars()
                        .noneMatch(c -> c == '/' || c == ':' || c == 0x7f || c <= ' ' || Character.isWhitespace(c));
    }
}
