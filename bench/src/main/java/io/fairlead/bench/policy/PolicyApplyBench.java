package io.fairlead.bench.policy;

import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.NodeProgress;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc.PolicyServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Applies a policy that differs each time and waits until all nodes have it in force; prints a row of a Markdown table
 * with milliseconds from the call to its answer.
 */
public final class PolicyApplyBench {
    private static final int WARM_UP = 5;
    private static final int WAIT_MS = 30_000;
    private static final String PORT = "\"443\"";

    private PolicyApplyBench() {}

    /**
     * @param args HOST PORT FILE COUNT TEXT: the identity service, the policy (its port 443 is what changes), how often,
     *     and what the row says first
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 5) {
            throw new IllegalArgumentException("arguments: " + args.length + " (expected: HOST PORT FILE COUNT TEXT)");
        }
        String document = Files.readString(Path.of(args[2]));
        if (!document.contains(PORT)) {
            throw new IllegalArgumentException(args[2] + ": no port " + PORT + " (expected: one to change)");
        }
        ManagedChannel channel = NettyChannelBuilder.forAddress(args[0], Integer.parseInt(args[1]))
                .usePlaintext()
                .build();
        try {
            PolicyServiceBlockingStub service = PolicyServiceGrpc.newBlockingStub(channel);
            double[] millis = new double[Integer.parseInt(args[3])];
            int nodes = 0;
            for (int i = -WARM_UP; i < millis.length; i++) {
                long from = System.nanoTime();
                nodes = apply(service, document.replace(PORT, "\"" + (10_000 + WARM_UP + i) + "\""));
                long to = System.nanoTime();
                if (i >= 0) {
                    millis[i] = (to - from) / 1e6;
                }
            }
            Arrays.sort(millis);
            System.out.println(row(args[4], nodes, millis));
        } finally {
            channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
        }
    }

    /** Returns the number of nodes that have it in force, which are all. */
    private static int apply(PolicyServiceBlockingStub service, String document) {
        ApplyPoliciesRequest request = ApplyPoliciesRequest.newBuilder()
                .setDocuments(document)
                .setWaitMs(WAIT_MS)
                .build();
        NodeProgress progress = service.withDeadlineAfter(2L * WAIT_MS, TimeUnit.MILLISECONDS)
                .applyPolicies(request)
                .getProgress();
        if (progress.getNodes() == 0 || progress.getInForce() != progress.getNodes()) {
            throw new IllegalStateException(
                    "in force: on " + progress.getInForce() + " of " + progress.getNodes() + " nodes (expected: all)");
        }
        return progress.getNodes();
    }

    private static String row(String text, int nodes, double[] sorted) {
        return String.format(
                Locale.ROOT,
                "| %s | %d | %d | %.1f | %.1f | %.1f |",
                text,
                nodes,
                sorted.length,
                percentile(sorted, 50),
                percentile(sorted, 99),
                sorted[sorted.length - 1]);
    }

    private static double percentile(double[] sorted, int percent) {
        return sorted[(sorted.length * percent + 99) / 100 - 1];
    }
}
