package io.fairlead.cli.connectivity;

import io.fairlead.contract.Ip;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A cluster that does what the policy in force says, but where a test breaks it. */
final class FakeCluster implements Driver, Policies, Agents {
    private static final Pattern NAME = Pattern.compile("name: ([a-z0-9-]+)");

    final List<Place> nodes = new ArrayList<>();
    final Map<String, Place> places = new ConcurrentHashMap<>();
    final Set<String> applied = ConcurrentHashMap.newKeySet();
    final Set<String> explained = ConcurrentHashMap.newKeySet();
    final ConcurrentLinkedQueue<String> calls = new ConcurrentLinkedQueue<>();
    final Map<String, List<String>> logs = new HashMap<>();
    final Map<String, Long> otherDrops = new ConcurrentHashMap<>();
    /** Names of tests during which nothing gets through, or everything does. */
    final Set<String> broken = ConcurrentHashMap.newKeySet();

    volatile String held = "";
    volatile boolean counts = true;
    private final AtomicInteger next = new AtomicInteger(10);
    private final AtomicLong denied = new AtomicLong();
    private volatile Optional<TestCase> inForce = Optional.empty();

    FakeCluster(int count) {
        for (int i = 1; i <= count; i++) {
            nodes.add(new Place(Place.Kind.NODE, "dev" + i, "dev" + i, List.of(Ip.parse("192.168.2.3" + i)), Map.of()));
            logs.put("dev" + i, new ArrayList<>(List.of("ERROR of the time before")));
        }
    }

    @Override
    public List<Place> nodes() {
        return nodes;
    }

    @Override
    public Place addPod(PodPlan plan) {
        int number = next.getAndIncrement();
        Place pod = new Place(
                Place.Kind.POD,
                plan.namespace() + "/" + plan.name(),
                plan.node(),
                List.of(Ip.parse("10.244.1." + number), Ip.parse("fd00::" + number)),
                plan.labels());
        places.put(pod.name(), pod);
        return pod;
    }

    @Override
    public void deletePod(String namespace, String name) {
        places.remove(namespace + "/" + name);
    }

    @Override
    public Place addWorld(String name, List<Integer> ports) {
        Place world = new Place(
                Place.Kind.WORLD,
                name,
                "",
                List.of(Ip.parse(name.equals("one") ? "203.0.113.10" : "203.0.113.11")),
                Map.of());
        places.put(name, world);
        return world;
    }

    @Override
    public void deleteWorld(String name) {
        places.remove(name);
    }

    @Override
    public Path socket(String node) {
        return Path.of("/nowhere");
    }

    @Override
    public List<String> logs(String node) {
        return List.copyOf(logs.get(node));
    }

    @Override
    public boolean reach(Place from, Try what, Ip to, int port, Duration patience) {
        calls.add(from.name() + " " + what + " " + to + " " + port);
        List<Place> all = new ArrayList<>(places.values());
        all.addAll(nodes);
        Place destination = all.stream()
                .filter(place -> place.addresses().contains(to))
                .findFirst()
                .orElseThrow();
        Flow flow = new Flow(from, destination, to, what, port);
        boolean allowed = inForce.map(test -> test.steps().stream()
                        .filter(step -> step.scenario().flows(site()).contains(flow))
                        .anyMatch(step -> step.allowed().test(flow)))
                .orElse(true);
        boolean reached = broken.contains(inForce.map(TestCase::name).orElse("no-policies")) != allowed;
        if (!reached && counts) {
            denied.incrementAndGet();
        }
        return reached;
    }

    private Site site() {
        return new Site(
                nodes,
                places.values().stream().filter(p -> p.has("kind", "client")).toList(),
                places.values().stream().filter(p -> p.has("kind", "echo")).toList(),
                List.of(places.get("one"), places.get("two")));
    }

    @Override
    public Held hold(Place from, Ip to, int port) {
        return () -> held;
    }

    @Override
    public void apply(String documents) {
        Matcher name = NAME.matcher(documents);
        if (!name.find() || documents.contains("{{")) {
            throw new IllegalStateException(documents);
        }
        applied.add(name.group(1));
        inForce = Catalogue.ALL.stream()
                .filter(test -> test.name().equals(name.group(1)))
                .findFirst();
    }

    @Override
    public void deleteAll(String namespace) {
        inForce = Optional.empty();
    }

    @Override
    public Map<String, Long> drops(String node) {
        Map<String, Long> drops = new HashMap<>(otherDrops);
        if (node.equals("dev1")) {
            drops.put("Policy denied", denied.get());
        }
        return drops;
    }

    @Override
    public List<String> unhealthy(String node) {
        return List.of();
    }

    @Override
    public List<String> explain(Flow flow) {
        explained.add(flow.text());
        return List.of("dev1: from_container", "DROPPED: Policy denied");
    }

    @Override
    public void close() {}
}
