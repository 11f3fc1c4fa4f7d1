package io.fairlead.cli.connectivity;

import io.fairlead.cli.output.Json;
import java.time.Duration;
import java.util.List;

/**
 * What came of a run.
 *
 * @param tests in order
 * @param skipped scenarios that had nothing to try, as "test/scenario"
 * @param took the whole time
 */
record Results(List<Test> tests, List<String> skipped, Duration took) {
    Results {
        tests = List.copyOf(tests);
        skipped = List.copyOf(skipped);
    }

    /**
     * One test.
     *
     * @param problems of the test as a whole, beside those of its actions
     */
    record Test(String name, List<Action> actions, List<String> problems, Duration took) {
        Test {
            actions = List.copyOf(actions);
            problems = List.copyOf(problems);
        }

        boolean ok() {
            return problems.isEmpty() && actions.stream().allMatch(Action::ok);
        }
    }

    /**
     * One attempt.
     *
     * @param scenario it belongs to
     * @param flow who tried to reach whom
     * @param expected whether it should have come through
     * @param reached whether it did
     * @param explanation of the flow; only for one that did not do as expected
     */
    record Action(String scenario, String flow, boolean expected, boolean reached, List<String> explanation) {
        Action {
            explanation = List.copyOf(explanation);
        }

        boolean ok() {
            return expected == reached;
        }
    }

    List<Test> failed() {
        return tests.stream().filter(test -> !test.ok()).toList();
    }

    long actions() {
        return tests.stream().mapToLong(test -> test.actions().size()).sum();
    }

    /** The whole as JSON. */
    Object json() {
        return Json.object(
                "ok",
                failed().isEmpty(),
                "seconds",
                took.toSeconds(),
                "skipped-scenarios",
                skipped,
                "tests",
                tests.stream().map(Results::test).toList());
    }

    private static Object test(Test test) {
        return Json.object(
                "name",
                test.name(),
                "ok",
                test.ok(),
                "milliseconds",
                test.took().toMillis(),
                "problems",
                test.problems(),
                "actions",
                test.actions().stream()
                        .map(action -> Json.object(
                                "scenario",
                                action.scenario(),
                                "flow",
                                action.flow(),
                                "expected",
                                action.expected() ? "allowed" : "dropped",
                                "reached",
                                action.reached(),
                                "ok",
                                action.ok(),
                                "explanation",
                                action.explanation()))
                        .toList());
    }
}
