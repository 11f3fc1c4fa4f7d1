package io.fairlead.bench.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A BIRD origin, a route reflector, and BIRD clients. */
final class BgpPeers implements Competitor {
    private final Network network;
    private final Reflector reflector;
    private final Bird origin;
    private final List<Bird> clients = new ArrayList<>();

    BgpPeers(Network network, Path directory, Reflector reflector) {
        this.network = network;
        this.reflector = reflector;
        reflector.start(network, Shell.directory(directory.resolve("rr")));
        origin = new Bird(network.origin(), directory.resolve("origin"), origin(new Routes(0, false)));
        for (int i = 0; i < network.clients(); i++) {
            clients.add(new Bird(network.clientName(i), directory.resolve("c" + i), Bird.client(Network.client(i))));
        }
        Shell.until(name() + ": sessions", Duration.ofSeconds(60), this::isEstablished);
    }

    private boolean isEstablished() {
        return origin.ask("show protocols hub").contains("Established")
                && clients.stream().allMatch(c -> c.ask("show protocols hub").contains("Established"));
    }

    private static String origin(Routes routes) {
        StringBuilder text = new StringBuilder(Bird.header(Network.ORIGIN));
        text.append("protocol static bulk { disabled; ipv4;\n");
        for (int i = 0; i < routes.count(); i++) {
            text.append("route ").append(Routes.bulk(i)).append(" via ");
            text.append(routes.nextHop(i)).append(";\n");
        }
        text.append("}\n");
        for (int i = 0; i < SINGLES; i++) {
            text.append("protocol static s").append(i).append(" { disabled; ipv4; route ");
            text.append(Routes.single(i))
                    .append(" via ")
                    .append(Network.GATEWAY)
                    .append("; }\n");
        }
        return text.append(String.format("""
                protocol bgp hub { local %s as 65000; neighbor %s as 65000; direct;
                  hold time 90; connect delay time 1; connect retry time 1;
                  ipv4 { import none; export where source = RTS_STATIC; next hop keep; }; }
                """, Network.ORIGIN, Network.HUB)).toString();
    }

    @Override
    public String name() {
        return reflector.name();
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public void prepare(Routes routes) {
        origin.configure(origin(routes));
        Shell.until(name() + ": sessions", Duration.ofSeconds(60), this::isEstablished);
    }

    @Override
    public Times announce() {
        long now = origin.tell("enable bulk");
        return new Times(now, now);
    }

    @Override
    public Times withdraw() {
        long now = origin.tell("disable bulk");
        return new Times(now, now);
    }

    @Override
    public Times announceSingle(int index) {
        long now = origin.tell("enable s" + index);
        return new Times(now, now);
    }

    @Override
    public void withdrawSingles() {
        for (int i = 0; i < SINGLES; i++) {
            origin.tell("disable s" + i);
        }
    }

    @Override
    public Map<String, Double> megabytes() {
        return Map.of("middle", reflector.megabytes(), "client", clients.get(0).megabytes());
    }

    @Override
    public void close() {
        origin.close();
        clients.forEach(Bird::close);
        reflector.close();
    }
}
