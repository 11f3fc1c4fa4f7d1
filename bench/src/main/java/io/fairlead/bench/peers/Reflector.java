package io.fairlead.bench.peers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A BGP daemon in the middle. */
abstract class Reflector implements AutoCloseable {
    private final List<Process> processes = new ArrayList<>();

    abstract String name();

    /** Starts it in the hub. */
    abstract void start(Network network, Path directory);

    void started(Process process) {
        processes.add(process);
    }

    double megabytes() {
        return processes.stream().mapToDouble(p -> Shell.megabytes(p.pid())).sum();
    }

    @Override
    public void close() {
        processes.forEach(Shell::stop);
    }

    /** BIRD 2. */
    static Reflector bird() {
        return new Reflector() {
            @Override
            String name() {
                return "BIRD";
            }

            @Override
            void start(Network network, Path directory) {
                StringBuilder text = new StringBuilder(Bird.header(Network.HUB));
                text.append(neighbor("origin", Network.ORIGIN, false));
                for (int i = 0; i < network.clients(); i++) {
                    text.append(neighbor("c" + i, Network.client(i), true));
                }
                Path file = Shell.write(directory.resolve("bird.conf"), text.toString());
                started(Shell.start(
                        network.hub(),
                        directory.resolve("log").toFile(),
                        List.of(
                                "/usr/sbin/bird",
                                "-f",
                                "-c",
                                file.toString(),
                                "-s",
                                directory.resolve("ctl").toString())));
            }

            private String neighbor(String name, io.fairlead.contract.Ip address, boolean client) {
                return "protocol bgp " + name + " { local " + Network.HUB + " as 65000; neighbor " + address
                        + " as 65000; direct; passive; hold time 90;\n  " + (client ? "rr client; " : "")
                        + "ipv4 { import all; export all; }; }\n";
            }
        };
    }

    /** GoBGP. */
    static Reflector gobgp() {
        return new Reflector() {
            @Override
            String name() {
                return "GoBGP";
            }

            @Override
            void start(Network network, Path directory) {
                StringBuilder text =
                        new StringBuilder("[global.config]\n  as = 65000\n  router-id = \"" + Network.HUB + "\"\n");
                text.append(neighbor(Network.ORIGIN, false));
                for (int i = 0; i < network.clients(); i++) {
                    text.append(neighbor(Network.client(i), true));
                }
                Path file = Shell.write(directory.resolve("gobgpd.toml"), text.toString());
                started(Shell.start(
                        network.hub(),
                        directory.resolve("log").toFile(),
                        List.of(
                                "/usr/bin/gobgpd",
                                "-t",
                                "toml",
                                "-f",
                                file.toString(),
                                "--api-hosts",
                                "127.0.0.1:50051")));
            }

            private String neighbor(io.fairlead.contract.Ip address, boolean client) {
                return "[[neighbors]]\n  [neighbors.config]\n    neighbor-address = \"" + address
                        + "\"\n    peer-as = 65000\n  [neighbors.transport.config]\n    passive-mode = true\n"
                        + (client
                                ? "  [neighbors.route-reflector.config]\n    route-reflector-client = true\n"
                                        + "    route-reflector-cluster-id = \"" + Network.HUB + "\"\n"
                                : "");
            }
        };
    }

    /** FRR's bgpd with the zebra it asks about next hops. */
    static Reflector frr() {
        return new Reflector() {
            @Override
            String name() {
                return "FRR";
            }

            @Override
            void start(Network network, Path directory) {
                StringBuilder text = new StringBuilder("router bgp 65000\n bgp router-id " + Network.HUB + "\n");
                text.append(" no bgp network import-check\n neighbor ")
                        .append(Network.ORIGIN)
                        .append(" remote-as 65000\n neighbor ")
                        .append(Network.ORIGIN)
                        .append(" passive\n");
                text.append(
                        " neighbor CLIENTS peer-group\n neighbor CLIENTS remote-as 65000\n neighbor CLIENTS passive\n");
                for (int i = 0; i < network.clients(); i++) {
                    text.append(" neighbor ").append(Network.client(i)).append(" peer-group CLIENTS\n");
                }
                text.append(
                        " address-family ipv4 unicast\n  neighbor CLIENTS route-reflector-client\n exit-address-family\n");
                // its daemons give up root, and the sockets they make are theirs
                Shell.run("chown", "frr:frrvty", directory.toString());
                Path zebra = Shell.write(directory.resolve("zebra.conf"), "");
                Path bgpd = Shell.write(directory.resolve("bgpd.conf"), text.toString());
                String socket = directory.resolve("zserv").toString();
                started(daemon(network, directory, "zebra", zebra, socket, List.of()));
                Shell.until(
                        "zebra",
                        java.time.Duration.ofSeconds(10),
                        Path.of(socket).toFile()::exists);
                started(daemon(network, directory, "bgpd", bgpd, socket, List.of("-p", "179")));
            }

            private Process daemon(
                    Network network, Path directory, String name, Path file, String socket, List<String> more) {
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
                command.addAll(more);
                return Shell.start(
                        network.hub(), directory.resolve(name + ".log").toFile(), command);
            }
        };
    }
}
