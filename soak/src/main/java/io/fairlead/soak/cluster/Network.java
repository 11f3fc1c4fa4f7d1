package io.fairlead.soak.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Namespaces joined by a bridge, which has a namespace of its own.
 *
 * <p>The bench has two links: "nodes", by which the simulated nodes reach the services and which is cut with them, and
 * "control", by which the checker reaches etcd and is never cut. Each place answers on both networks, over one link.
 */
public final class Network {
    private static final String HUB = "fl-soak-hub";
    private static final String NODES_NETWORK = "10.199.0.";
    private static final String CONTROL_NETWORK = "10.199.1.";

    private int places = 9;

    /** Makes the bridge and the bench's own links. Only inside a network namespace and a mount namespace of the bench. */
    public Network() {
        run("mount", "-t", "tmpfs", "none", "/run/netns");
        run("ip", "link", "set", "lo", "up");
        run("ip", "netns", "add", HUB);
        run("ip", "-n", HUB, "link", "add", "br0", "type", "bridge");
        run("ip", "-n", HUB, "link", "set", "br0", "up");
        // two links to one bridge: each answers only for its own address
        run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
        own("nodes", NODES_NETWORK);
        own("control", CONTROL_NETWORK);
    }

    /**
     * A namespace on the bridge.
     *
     * @param name of its link, and, behind "fl-soak-", of its namespace
     * @param address where services and nodes reach it
     * @param control where the checker reaches it
     */
    public record Place(String name, String address, String control) {
        /** What runs a command there, as the same process. */
        public List<String> launcher() {
            return List.of("ip", "netns", "exec", "fl-soak-" + name);
        }
    }

    /** Makes one more. */
    public Place add(String name) {
        places++;
        Place place = new Place(name, NODES_NETWORK + places, CONTROL_NETWORK + places);
        String namespace = "fl-soak-" + name;
        run("ip", "netns", "add", namespace);
        run("ip", "-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", HUB);
        run("ip", "-n", namespace, "addr", "add", place.address() + "/24", "dev", "eth0");
        run("ip", "-n", namespace, "addr", "add", place.control() + "/24", "dev", "eth0");
        run("ip", "-n", namespace, "link", "set", "lo", "up");
        run("ip", "-n", namespace, "link", "set", "eth0", "up");
        attach(name);
        return place;
    }

    /** Cuts a link off: of a place, or "nodes". */
    public void down(String link) {
        run("ip", "-n", HUB, "link", "set", link, "down");
    }

    /** Joins it again. */
    public void up(String link) {
        run("ip", "-n", HUB, "link", "set", link, "up");
    }

    private void own(String name, String network) {
        run("ip", "link", "add", "fl-" + name, "type", "veth", "peer", "name", name, "netns", HUB);
        run("ip", "addr", "add", network + "2/24", "dev", "fl-" + name);
        run("ip", "link", "set", "fl-" + name, "up");
        attach(name);
    }

    private void attach(String link) {
        run("ip", "-n", HUB, "link", "set", link, "master", "br0");
        run("ip", "-n", HUB, "link", "set", link, "up");
    }

    static void run(String... command) {
        try {
            Process process = new ProcessBuilder(new ArrayList<>(List.of(command)))
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            if (code != 0) {
                throw new IllegalStateException(
                        String.join(" ", command) + ": exit code " + code + " " + said.strip() + " (expected: 0)");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(String.join(" ", command), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(String.join(" ", command) + ": interrupted", e);
        }
    }
}
