package io.fairlead.cli.connectivity;

import io.fairlead.cli.client.AgentException;
import io.fairlead.cli.connectivity.Driver.Held;
import io.fairlead.cli.connectivity.Driver.PodPlan;
import io.fairlead.cli.connectivity.TestCase.Step;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/**
 * Runs tests: makes the site, puts each policy into force, has every flow of a scenario tried at once, takes the policy
 * out of force, and removes the site whatever happens. For one thread.
 */
final class Runner {
    /** Longer than a packet sent again after a second, so that one lost to a neighbour lookup does not count. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    /** For what must not come: one that does, does so in milliseconds. */
    private static final Duration IMPATIENCE = Duration.ofSeconds(1);

    private static final int AT_ONCE = 16;
    private static final String HEALTH = "health";

    private final Driver driver;
    private final Policies policies;
    private final Agents agents;
    private final Progress progress;
    private final Clock clock;
    private final List<Results.Test> done = new ArrayList<>(); // owned by: the thread that runs
    private final List<String> skipped = new ArrayList<>(); // owned by: the thread that runs

    Runner(Driver driver, Policies policies, Agents agents, Progress progress, Clock clock) {
        this.driver = driver;
        this.policies = policies;
        this.agents = agents;
        this.progress = progress;
        this.clock = clock;
    }

    /** Names of all tests that can be chosen, in the order they run. */
    static List<String> names() {
        List<String> names =
                new ArrayList<>(Catalogue.ALL.stream().map(TestCase::name).toList());
        names.add(HEALTH);
        return names;
    }

    /**
     * Runs the chosen tests.
     *
     * @throws DriverException when the driver fails
     * @throws AgentException when an agent or the policy service gives no answer
     */
    Results run(List<String> chosen) {
        Instant start = clock.instant();
        List<Place> nodes = driver.nodes();
        if (nodes.isEmpty()) {
            throw new DriverException("nodes: none (expected: at least one)");
        }
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            clean(nodes, threads);
            progress.say("✨ Deploying " + Site.plans(nodes).size() + " pods on " + nodes.size() + " nodes");
            runOn(nodes, chosen, threads);
        } finally {
            try {
                clean(nodes, threads);
            } finally {
                threads.shutdownNow();
            }
        }
        Results results = new Results(done, skipped, Duration.between(start, clock.instant()));
        progress.end(results);
        return results;
    }

    /** Also what an earlier run left when it was killed. */
    private void clean(List<Place> nodes, ExecutorService threads) {
        policies.deleteAll(Site.NAMESPACE);
        each(threads, Site.plans(nodes), plan -> {
            driver.deletePod(plan.namespace(), plan.name());
            return plan;
        });
        driver.deleteWorld("one");
        driver.deleteWorld("two");
    }

    private void runOn(List<Place> nodes, List<String> chosen, ExecutorService threads) {
        List<PodPlan> plans = Site.plans(nodes);
        List<Place> pods = each(threads, plans, driver::addPod);
        Site site = new Site(
                nodes,
                pods.stream().filter(pod -> pod.has("kind", "client")).toList(),
                pods.stream().filter(pod -> pod.has("kind", "echo")).toList(),
                List.of(driver.addWorld("one", Site.WORLD_PORTS), driver.addWorld("two", Site.WORLD_PORTS)));
        Watch watch = new Watch(driver, agents, nodes, clock);
        watch.begin();
        Place server = pods.get(pods.size() - 1);
        Held held = driver.hold(pods.get(pods.size() - 2), server.addresses().get(0), Site.HOLD_PORT);
        PolicyFiles files = new PolicyFiles(site);
        List<TestCase> tests = Catalogue.ALL.stream()
                .filter(test -> chosen.contains(test.name()))
                .toList();
        boolean health = chosen.contains(HEALTH);
        int of = tests.size() + (health ? 1 : 0) + 3;
        progress.say("🏃 Running " + of + " tests ...");
        for (TestCase test : tests) {
            progress.test(test.name(), done.size() + 1, of);
            done.add(run(test, site, files, new Tools(watch, threads)));
        }
        if (health) {
            progress.test(HEALTH, done.size() + 1, of);
            done.add(health(nodes));
        }
        for (Results.Test test : watch.end(Optional.of(held))) {
            progress.test(test.name(), done.size() + 1, of);
            test.problems().forEach(progress::problem);
            done.add(test);
        }
    }

    /** What tests share. */
    private record Tools(Watch watch, ExecutorService threads) {}

    private Results.Test run(TestCase test, Site site, PolicyFiles files, Tools tools) {
        Instant start = clock.instant();
        List<Results.Action> actions = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        try {
            if (test.hasPolicy()) {
                policies.apply(files.read(test.name()));
            }
            for (Step step : test.steps()) {
                run(test, step, site, tools, actions, problems);
            }
        } catch (AgentException e) {
            problems.add(String.valueOf(e.getMessage()));
        } finally {
            if (test.hasPolicy()) {
                policies.deleteAll(Site.NAMESPACE);
            }
        }
        problems.forEach(progress::problem);
        return new Results.Test(test.name(), actions, problems, Duration.between(start, clock.instant()));
    }

    private void run(
            TestCase test, Step step, Site site, Tools tools, List<Results.Action> actions, List<String> problems) {
        List<Flow> flows = step.scenario().flows(site);
        String name = step.scenario().text();
        if (flows.isEmpty()) {
            skipped.add(test.name() + "/" + name);
            return;
        }
        progress.scenario(test.name(), name);
        long before = tools.watch().stopped();
        List<Boolean> reached =
                each(tools.threads(), flows, flow -> reach(flow, step.allowed().test(flow)));
        long kept = 0;
        for (int i = 0; i < flows.size(); i++) {
            boolean allowed = step.allowed().test(flows.get(i));
            kept += allowed || reached.get(i) ? 0 : 1;
            List<String> why = allowed == reached.get(i) ? List.of() : explain(flows.get(i));
            Results.Action action = new Results.Action(name, flows.get(i).text(), allowed, reached.get(i), why);
            progress.action(test.name(), action);
            actions.add(action);
        }
        long stopped = tools.watch().stopped() - before;
        if (stopped < kept) {
            problems.add(name + ": " + kept + " flows got no answer, but policies stopped " + stopped
                    + " packets (expected: at least as many)");
        }
    }

    private boolean reach(Flow flow, boolean allowed) {
        return driver.reach(flow.from(), flow.what(), flow.ip(), flow.port(), allowed ? PATIENCE : IMPATIENCE);
    }

    private List<String> explain(Flow flow) {
        try {
            return agents.explain(flow);
        } catch (AgentException e) {
            return List.of("cannot be explained: " + e.getMessage());
        }
    }

    private Results.Test health(List<Place> nodes) {
        Instant start = clock.instant();
        List<String> problems = new ArrayList<>();
        for (Place node : nodes) {
            agents.unhealthy(node.name()).forEach(text -> problems.add("node " + node.name() + ": " + text));
        }
        problems.forEach(progress::problem);
        return new Results.Test(HEALTH, List.of(), problems, Duration.between(start, clock.instant()));
    }

    /** All at once; the first failure when all are done. */
    private static <T, R> List<R> each(ExecutorService threads, List<T> inputs, Function<T, R> work) {
        List<Future<R>> futures = new ArrayList<>();
        inputs.forEach(input -> futures.add(threads.submit(() -> work.apply(input))));
        List<R> results = new ArrayList<>();
        List<RuntimeException> failures = new ArrayList<>();
        for (Future<R> future : futures) {
            try {
                results.add(future.get());
            } catch (ExecutionException e) {
                failures.add(e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DriverException("interrupted", e);
            }
        }
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
        return results;
    }
}
