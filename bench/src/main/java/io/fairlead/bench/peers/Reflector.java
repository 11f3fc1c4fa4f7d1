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
}
