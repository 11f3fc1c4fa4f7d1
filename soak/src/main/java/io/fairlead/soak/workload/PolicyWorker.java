package io.fairlead.soak.workload;

import io.fairlead.soak.client.NodeTables.PolicyKey;
import io.fairlead.soak.client.SimulatedNode;
import io.fairlead.soak.history.Kind;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.history.Outcome;
import io.fairlead.soak.history.Subject;
import io.grpc.Status;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/** A person who writes policies: applies new versions of a few of them, and deletes some. */
final class PolicyWorker implements Work {
    private static final String KIND = "CiliumNetworkPolicy";
    private static final int POLICIES = 5;

    private final SimulatedNode client;
    private final Recorder recorder;
    private final Random random;
    private int version; // owned by: the worker's thread
    private Optional<Supplier<Recorder.Result>> unanswered = Optional.empty(); // owned by: the worker's thread

    PolicyWorker(SimulatedNode client, Recorder recorder, Random random) {
        this.client = client;
        this.recorder = recorder;
        this.random = random;
    }

    @Override
    public void step() {
        Supplier<Recorder.Result> next = unanswered.orElseGet(this::choose);
        unanswered = next.get().outcome() == Outcome.UNKNOWN ? Optional.of(next) : Optional.empty();
    }

    private Supplier<Recorder.Result> choose() {
        String name = "p" + random.nextInt(POLICIES);
        if (random.nextInt(4) == 0) {
            return () -> delete(name);
        }
        String text = "v" + ++version;
        return () -> apply(name, text);
    }

    private Recorder.Result apply(String name, String text) {
        String document = String.join(
                "\n",
                "apiVersion: cilium.io/v2",
                "kind: " + KIND,
                "metadata: {name: " + name + ", namespace: soak}",
                "spec:",
                "  description: " + text,
                "  endpointSelector: {matchLabels: {app: soak-" + random.nextInt(50) + "}}",
                "  ingress:",
                "  - fromEndpoints: [{matchLabels: {app: soak-" + random.nextInt(50) + "}}]");
        return recorder.ask(
                Kind.APPLY_POLICY,
                Subject.policy(KIND, "soak", name),
                text,
                () -> {
                    client.applyPolicies(document);
                    return text;
                },
                Optional.empty());
    }

    private Recorder.Result delete(String name) {
        return recorder.ask(
                Kind.DELETE_POLICY,
                Subject.policy(KIND, "soak", name),
                Operation.GONE,
                () -> {
                    client.deletePolicy(new PolicyKey(KIND, "soak", name));
                    return Operation.GONE;
                },
                Optional.of(Status.Code.NOT_FOUND));
    }
}
