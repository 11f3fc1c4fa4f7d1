package io.fairlead.bench.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** FRR's bgpd with the zebra it asks about next hops. */
final class Frr extends Reflector {
    @Override
    String name() {
        return "FRR";
    }

    @Override
    void start(Network network, Path directory) {
        // its daemons give up root, and the sockets they make are theirs
        Shell.run("chown", "frr:frrvty", directory.toString());
        Path zebra = Shell.write(directory.resolve("zebra.conf"), "");
        Path bgpd = Shell.write(directory.resolve("bgpd.conf"), configuration(network));
        String socket = directory.resolve("zserv").toString();
        started(daemon(network, directory, "zebra", zebra, socket));
        Shell.until("zebra", Duration.ofSeconds(20), Path.of(socket).toFile()::exists);
        started(daemon(network, directory, "bgpd", bgpd, socket, "-p", "179"));
    }

    private static String configuration(Network network) {
        StringBuilder text = new StringBuilder(String.format("""
                router bgp 65000
                 bgp router-id %s
                 no bgp network import-check
                 neighbor %s remote-as 65000
                 neighbor %s passive
                 neighbor CLIENTS peer-group
                 neighbor CLIENTS remote-as 65000
                 neighbor CLIENTS passive
                """, Network.HUB, Network.ORIGIN, Network.ORIGIN));
        for (int i = 0; i < network.clients(); i++) {
            text.append(" neighbor ").append(Network.client(i)).append(" peer-group CLIENTS\n");
        }
        return text.append("""
                         address-family ipv4 unicast
                          neighbor CLIENTS route-reflector-client
                         exit-address-family
                        """).toString();
    }

    private static Process daemon(
            Network network, Path directory, String name, Path file, String socket, String... more) {
        List<String> command = new ArrayList<>(List.of(
                "/usr/lib/frr/" + name,
                "-f",
                file.toString(),
                "-z",
                socket,
                "-i",
                directory.resolve(name + ".pid").toString(),
                "--vty_socket",
                directory.toString(),
                "-P",
                "0"));
        command.addAll(List.of(more));
        return Shell.start(network.hub(), directory.resolve(name + ".log").toFile(), command);
    }
}
