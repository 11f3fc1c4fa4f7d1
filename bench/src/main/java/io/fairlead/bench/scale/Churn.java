package io.fairlead.bench.scale;

import java.util.Arrays;

/**
 * When which node had which version, while changes come at a rate; compared with the commits afterwards. Each node's part is
 * written by one event loop at a time.
 */
final class Churn implements Fleet.Recorder {
    private final long base;
    private final long start = System.nanoTime();
    private final int[][] versions;
    private final int[][] micros;
    private final int[] counts;

    /** @param base version before the first change */
    Churn(int nodes, long base) {
        this.base = base;
        this.versions = new int[nodes][64];
        this.micros = new int[nodes][64];
        this.counts = new int[nodes];
    }

    @Override
    public void received(int index, Reply reply, long nanos) {
        int count = counts[index];
        if (count == versions[index].length) {
            versions[index] = Arrays.copyOf(versions[index], 2 * count);
            micros[index] = Arrays.copyOf(micros[index], 2 * count);
        }
        versions[index][count] = (int) (reply.version() - base);
        micros[index][count] = (int) ((nanos - start) / 1_000);
        counts[index] = count + 1;
    }

    /** Updates all nodes have received together. */
    long updates() {
        return Arrays.stream(counts).asLongStream().sum();
    }

    /**
     * How late each node had each change.
     *
     * @param revisions of the changes, growing
     * @param commits when each was acknowledged
     */
    Quantiles lags(long[] revisions, long[] commits) {
        Quantiles lags = new Quantiles();
        for (int node = 0; node < counts.length; node++) {
            int at = 0;
            for (int change = 0; change < revisions.length; change++) {
                while (at < counts[node] && base + versions[node][at] < revisions[change]) {
                    at++;
                }
                if (at == counts[node]) {
                    throw new IllegalStateException("node " + node + ": never had revision " + revisions[change]);
                }
                lags.add(start + 1_000L * micros[node][at] - commits[change]);
            }
        }
        return lags;
    }
}
