package io.fairlead.bench.routes;

import io.fairlead.contract.Cidr;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.NextHopTable;
import io.fairlead.node.kernel.netlink.RouteTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Installs the routes of 1,000, 5,000 and 20,000 nodes, each through a next hop of its own, with the agent's tables and
 * with {@code ip -batch}, turn by turn, and prints a Markdown table.
 *
 * <p>Times are wall clock from the first message to the kernel's last answer; for {@code ip}, which is started for it,
 * they include about 2 ms of its start. "Cold" is the first install of a JVM; what an agent does once before, loading
 * the C library's functions and opening the socket, is a column of its own. Every install is counted in the kernel afterwards.
 */
public final class RouteInstallBench {
    private static final int[] SIZES = {1_000, 5_000, 20_000};
    private static final int COLD_ROUNDS = 3;
    private static final int PLAIN_ROUNDS = 3;
    private static final int WARM_UP_ROUNDS = 5;

    private final String device;
    private final int rounds;

    private RouteInstallBench(String device, int rounds) {
        this.device = device;
        this.rounds = rounds;
    }

    /** @param arguments DEVICE ROUNDS, or DEVICE "cold" SIZE, in a network namespace whose routes nobody needs */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length == 3 && arguments[1].equals("cold")) {
            System.out.println(cold(arguments[0], Integer.parseInt(arguments[2])));
        } else if (arguments.length == 2) {
            new RouteInstallBench(arguments[0], Integer.parseInt(arguments[1])).run();
        } else {
            System.err.println("usage: RouteInstallBench DEVICE ROUNDS (run it by bench/routes.sh)");
            System.exit(2);
        }
    }

    /** Milliseconds until the socket is open, a blank, milliseconds of the first install. */
    private static String cold(String device, int size) {
        long start = System.nanoTime();
        try (Netlink netlink = Netlink.open()) {
            Tables tables = new Tables(netlink);
            RouteSet set = new RouteSet(size, ifindex(netlink, device));
            Map<Integer, NextHop> hops = set.nextHops();
            Map<Cidr, RouteTarget> routes = set.routes();
            long open = System.nanoTime();
            tables.install(hops, routes);
            long done = System.nanoTime();
            tables.remove(set);
            return (open - start) / 1e6 + " " + (done - open) / 1e6;
        }
    }

    private void run() throws IOException, InterruptedException {
        System.out.println(
                "| routes, own next hop each | ours, warm | ours, cold | (open, once) | ip -batch, nexthop objects"
                        + " | ip -batch, gateways | vs objects (warm / cold) | vs gateways (warm) |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        try (Netlink netlink = Netlink.open()) {
            Tables tables = new Tables(netlink);
            int ifindex = ifindex(netlink, device);
            for (int i = 0; i < WARM_UP_ROUNDS; i++) {
                ours(tables, new RouteSet(SIZES[1], ifindex));
            }
            for (int size : SIZES) {
                measure(tables, new RouteSet(size, ifindex));
            }
        }
    }

    private void measure(Tables tables, RouteSet set) throws IOException, InterruptedException {
        Path objects = Files.createTempFile("fl-routes", ".batch");
        Path gateways = Files.createTempFile("fl-routes", ".batch");
        try {
            Files.writeString(objects, set.batchWithNextHops(device));
            Files.writeString(gateways, set.batchWithGateways(device));
            List<Double> warm = new ArrayList<>();
            List<Double> cold = new ArrayList<>();
            List<Double> open = new ArrayList<>();
            List<Double> withObjects = new ArrayList<>();
            List<Double> withGateways = new ArrayList<>();
            for (int i = 0; i < rounds; i++) {
                warm.add(ours(tables, set));
                withObjects.add(batch(tables, objects, set));
                if (i < COLD_ROUNDS) {
                    String[] millis = coldProcess(set.size()).split(" ");
                    open.add(Double.parseDouble(millis[0]));
                    cold.add(Double.parseDouble(millis[1]));
                }
                if (i < PLAIN_ROUNDS) {
                    withGateways.add(batch(tables, gateways, set));
                }
            }
            print(
                    set.size(),
                    List.of(new Spread(warm), new Spread(cold), new Spread(open)),
                    new Spread(withObjects),
                    new Spread(withGateways));
        } finally {
            Files.delete(objects);
            Files.delete(gateways);
        }
    }

    private static void print(int size, List<Spread> ours, Spread objects, Spread gateways) {
        System.out.printf(
                Locale.ROOT,
                "| %,d | %s | %s | %s | %s | %s | %.1fx / %.1fx | %.1fx |%n",
                size,
                ours.get(0),
                ours.get(1),
                ours.get(2),
                objects,
                gateways,
                objects.median() / ours.get(0).median(),
                objects.median() / ours.get(1).median(),
                gateways.median() / ours.get(0).median());
    }

    private static double ours(Tables tables, RouteSet set) {
        Map<Integer, NextHop> hops = set.nextHops();
        Map<Cidr, RouteTarget> routes = set.routes();
        long start = System.nanoTime();
        tables.install(hops, routes);
        double millis = (System.nanoTime() - start) / 1e6;
        tables.expect(set.size());
        tables.remove(set);
        return millis;
    }

    private static double batch(Tables tables, Path file, RouteSet set) throws IOException, InterruptedException {
        long start = System.nanoTime();
        execute("ip", "-batch", file.toString());
        double millis = (System.nanoTime() - start) / 1e6;
        tables.expect(set.size());
        tables.remove(set);
        return millis;
    }

    private String coldProcess(int size) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return execute(
                java,
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                RouteInstallBench.class.getName(),
                device,
                "cold",
                Integer.toString(size));
    }

    private static String execute(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int status = process.waitFor();
        if (status != 0) {
            throw new IllegalStateException(String.join(" ", command) + ": status " + status + ": " + output);
        }
        return output;
    }

    private static int ifindex(Netlink netlink, String device) {
        return netlink.link(device)
                .map(Link::index)
                .orElseThrow(() -> new IllegalArgumentException("device: " + device + " (expected: one that exists)"));
    }

    private record Tables(NextHopTable nextHops, RouteTable routes) {
        Tables(Netlink netlink) {
            this(new NextHopTable(netlink), new RouteTable(netlink));
        }

        void install(Map<Integer, NextHop> hops, Map<Cidr, RouteTarget> wanted) {
            if (!nextHops.upsert(hops).isEmpty() || !routes.upsert(wanted).isEmpty()) {
                throw new IllegalStateException("some entries failed (expected: none)");
            }
        }

        void expect(int size) {
            int there = routes.load().size();
            if (there != size) {
                throw new IllegalStateException("routes in the kernel: " + there + " (expected: " + size + ")");
            }
        }

        void remove(RouteSet set) {
            routes.delete(set.routes().keySet());
            nextHops.delete(set.nextHops().keySet());
        }
    }

    private record Spread(List<Double> millis) {
        Spread {
            millis = millis.stream().sorted().toList();
        }

        double median() {
            return millis.get(millis.size() / 2);
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT, "%.1f ms [%.1f-%.1f]", median(), millis.get(0), millis.get(millis.size() - 1));
        }
    }
}
