package io.fairlead.cli.connectivity;

import java.util.List;
import java.util.function.Predicate;

/**
 * Scenarios under a policy.
 *
 * @param name also of the policy's file
 * @param hasPolicy whether there is one
 * @param steps what is tried, and what of it must come through
 */
record TestCase(String name, boolean hasPolicy, List<Step> steps) {
    TestCase {
        steps = List.copyOf(steps);
    }

    /** A scenario, and which of its flows the policy lets pass. */
    record Step(Scenario scenario, Predicate<Flow> allowed) {}

    static TestCase open(String name, Scenario... scenarios) {
        return new TestCase(
                name,
                false,
                List.of(scenarios).stream().map(s -> new Step(s, flow -> true)).toList());
    }

    static TestCase under(String name, Step... steps) {
        return new TestCase(name, true, List.of(steps));
    }

    static Step all(Scenario scenario) {
        return new Step(scenario, flow -> true);
    }

    static Step none(Scenario scenario) {
        return new Step(scenario, flow -> false);
    }

    static Step when(Scenario scenario, Predicate<Flow> allowed) {
        return new Step(scenario, allowed);
    }
}
