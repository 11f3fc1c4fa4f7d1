package io.fairlead.cli.connectivity;

import io.fairlead.contract.Ip;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Somewhere a packet can come from or go to.
 *
 * @param kind what it is
 * @param name of a pod with its namespace: "fairlead-test/client"
 * @param node it is on; its own name for a node, empty for the world
 * @param addresses of it
 * @param labels of a pod
 */
record Place(Kind kind, String name, String node, List<Ip> addresses, Map<String, String> labels) {
    Place {
        addresses = List.copyOf(addresses);
        labels = Map.copyOf(labels);
    }

    /** What a place is. */
    enum Kind {
        POD("pod"),
        NODE("node"),
        WORLD("world");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** As drivers are told. */
        String text() {
            return text;
        }
    }

    Optional<Ip> ip(Ip.Family family) {
        return addresses.stream().filter(ip -> ip.family() == family).findFirst();
    }

    boolean has(String key, String value) {
        return value.equals(labels.get(key));
    }
}
