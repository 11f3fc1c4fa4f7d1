package io.fairlead.cli.connectivity;

import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Collectors;

/** Says what goes on, in cilium-cli's form; or nothing, when the output is JSON. For one thread. */
final class Progress {
    private final PrintWriter out;
    private final boolean quiet;

    Progress(PrintWriter out, boolean quiet) {
        this.out = out;
        this.quiet = quiet;
    }

    void say(String text) {
        if (!quiet) {
            out.println(text);
            out.flush();
        }
    }

    void test(String name, int number, int of) {
        say("[=] Test [" + name + "] [" + number + "/" + of + "]");
    }

    void scenario(String test, String scenario) {
        say("  [-] Scenario [" + test + "/" + scenario + "]");
    }

    void action(String test, Results.Action action) {
        say("  [.] Action [" + test + "/" + action.scenario() + "/" + action.flow() + "]");
        if (!action.ok()) {
            say("  ❌ " + (action.expected() ? "no answer (expected: one)" : "an answer (expected: dropped by policy)"));
            action.explanation().forEach(line -> say("     " + line));
        }
    }

    void problem(String text) {
        say("  ❌ " + text);
    }

    /** The last lines: which tests failed, or that none did. */
    void end(Results results) {
        List<Results.Test> failed = results.failed();
        int all = results.tests().size();
        if (failed.isEmpty()) {
            say("✅ All " + all + " tests (" + results.actions() + " actions) successful, 0 tests skipped, "
                    + results.skipped().size() + " scenarios skipped.");
            return;
        }
        say("📋 Test Report");
        say("❌ " + failed.size() + "/" + all + " tests failed ("
                + failed.stream()
                        .mapToLong(test -> test.actions().stream()
                                        .filter(action -> !action.ok())
                                        .count()
                                + test.problems().size())
                        .sum()
                + "/" + results.actions() + " actions), 0 tests skipped, "
                + results.skipped().size() + " scenarios skipped: "
                + failed.stream().map(Results.Test::name).collect(Collectors.joining(", ")));
    }
}
