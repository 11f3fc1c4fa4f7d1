package io.fairlead.cli.client;

import io.fairlead.proto.agent.v1.Endpoint;
import java.util.List;
import java.util.function.Predicate;

/**
 * Which endpoint is meant: "149", "container-id:4f2a", "ipv4:10.244.0.25", "ipv6:fd00::66" or "pod-name:default:web".
 *
 * @param text as it was given
 */
public record EndpointName(String text) {
    private static final int MOST = 65535;

    /** @throws IllegalArgumentException when it is none of these */
    public EndpointName {
        matcher(text);
    }

    boolean means(Endpoint endpoint) {
        return matcher(text).test(endpoint);
    }

    private static Predicate<Endpoint> matcher(String text) {
        if (text.matches("[0-9]{1,5}")) {
            int id = Integer.parseInt(text);
            if (id < 1 || id > MOST) {
                throw wrong(text);
            }
            return endpoint -> endpoint.getId() == id;
        }
        int colon = text.indexOf(':');
        String kind = colon < 0 ? "" : text.substring(0, colon);
        String value = text.substring(colon + 1);
        if (value.isEmpty()) {
            throw wrong(text);
        }
        return switch (kind) {
            case "container-id" -> endpoint -> endpoint.getContainerId().equals(value);
            case "ipv4" -> endpoint -> endpoint.getIpv4().equals(value);
            case "ipv6" -> endpoint -> endpoint.getIpv6().equals(value);
            case "pod-name" -> byName(text, value);
            default -> throw wrong(text);
        };
    }

    private static Predicate<Endpoint> byName(String text, String value) {
        List<String> parts = List.of(value.split(":", -1));
        if (parts.size() != 2 || parts.contains("")) {
            throw wrong(text);
        }
        return endpoint ->
                List.of(endpoint.getNamespace(), endpoint.getPodName()).equals(parts);
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException("endpoint: \"" + text + "\" (expected: 1 to 65535, container-id:ID,"
                + " ipv4:ADDRESS, ipv6:ADDRESS or pod-name:NAMESPACE:NAME)");
    }
}
