package io.fairlead.bench.peers;

import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.List;

/**
 * Namespaces of one competitor: a hub with a bridge, an origin, and clients, all in 172.16.0.0/12.
 *
 * @param name what its namespaces begin with
 * @param clients how many
 */
record Network(String name, int clients) implements AutoCloseable {
    static final Ip HUB = Ip.parse("172.16.0.1");
    static final Ip ORIGIN = Ip.parse("172.16.0.2");
    /** Next hop of everything that shares one; nobody needs to answer there. */
    static final Ip GATEWAY = Ip.parse("172.16.0.3");

    static Ip client(int index) {
        return Ip.v4((172 << 24 | 16 << 16 | 1 << 8) + 1 + index);
    }

    String hub() {
        return name + "-hub";
    }

    String origin() {
        return name + "-origin";
    }

    String clientName(int index) {
        return name + "-c" + index;
    }

    /** Makes everything; the hub's namespace may be there already, for whoever has to live in it. */
    Network up() {
        if (!new java.io.File("/run/netns/" + hub()).exists()) {
            Shell.run("ip", "netns", "add", hub());
        }
        Shell.run("ip", "-n", hub(), "link", "set", "lo", "up");
        Shell.run("ip", "-n", hub(), "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0");
        Shell.run("ip", "-n", hub(), "link", "set", "br0", "up");
        Shell.run("ip", "-n", hub(), "address", "add", HUB + "/12", "dev", "br0");
        plug(origin(), "o", ORIGIN);
        for (int i = 0; i < clients; i++) {
            plug(clientName(i), "c" + i, client(i));
        }
        return this;
    }

    private void plug(String namespace, String port, Ip address) {
        Shell.run("ip", "netns", "add", namespace);
        Shell.run("ip", "-n", namespace, "link", "set", "lo", "up");
        Shell.run("ip", "-n", hub(), "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace);
        Shell.run("ip", "-n", hub(), "link", "set", port, "master", "br0", "up");
        Shell.run("ip", "-n", namespace, "address", "add", address + "/12", "dev", "eth0");
        Shell.run("ip", "-n", namespace, "link", "set", "eth0", "up");
    }

    /** Paths of the clients' namespaces. */
    List<String> clientPaths() {
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            paths.add("/run/netns/" + clientName(i));
        }
        return paths;
    }

    /** Routes of 10.0.0.0/8 in a client's kernel. */
    int routes(int index) {
        return (int) Shell.run("ip", "-n", clientName(index), "-4", "route", "show", "root", "10.0.0.0/8")
                .lines()
                .filter(line -> line.startsWith("10.") && !line.startsWith("10.254."))
                .count();
    }

    @Override
    public void close() {
        for (String namespace : Shell.run("ip", "netns", "list").split("\n")) {
            String found = namespace.split(" ")[0];
            if (found.startsWith(name + "-")) {
                Shell.run("ip", "netns", "del", found);
            }
        }
    }
}
