package io.fairlead.node.client;

import io.fairlead.contract.NodeName;
import io.fairlead.node.kernel.bpf.DropReason;
import io.fairlead.node.kernel.bpf.Metric;
import io.fairlead.proto.route.v1.Drops;
import io.fairlead.proto.route.v1.ReportDropsRequest;
import io.fairlead.proto.route.v1.RouteServiceGrpc.RouteServiceBlockingStub;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the route-distributor what this node dropped, when that is more than it told before. For one thread. */
public final class DropReporter implements Runnable {
    private static final Duration EVERY = Duration.ofSeconds(30);

    private static final Logger LOGGER = LoggerFactory.getLogger(DropReporter.class);

    private final NodeName node;
    private final Supplier<List<Metric>> metrics;
    private final RouteServiceBlockingStub distributor;
    private final Duration deadline;
    // owned by: the thread that runs it
    private ReportDropsRequest told = ReportDropsRequest.getDefaultInstance();

    public DropReporter(
            NodeName node, Supplier<List<Metric>> metrics, RouteServiceBlockingStub distributor, Duration deadline) {
        this.node = node;
        this.metrics = metrics;
        this.distributor = distributor;
        this.deadline = deadline;
    }

    /** Tells it from now on, until what this returns is closed. */
    public AutoCloseable start(ScheduledExecutorService executor) {
        ScheduledFuture<?> running =
                executor.scheduleWithFixedDelay(this, EVERY.toSeconds(), EVERY.toSeconds(), TimeUnit.SECONDS);
        return () -> running.cancel(false);
    }

    /** Tells it once; what fails is told next time. */
    @Override
    public void run() {
        try {
            ReportDropsRequest report = report();
            if (!report.getDropsList().equals(told.getDropsList())) {
                distributor
                        .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
                        .reportDrops(report);
                told = report;
            }
        } catch (StatusRuntimeException e) {
            LOGGER.atDebug().addKeyValue("error", e.getMessage()).log("drops not told");
        } catch (RuntimeException e) {
            // a task that throws is never run again
            LOGGER.atWarn().setCause(e).log("drops cannot be read");
        }
    }

    private ReportDropsRequest report() {
        ReportDropsRequest.Builder report = ReportDropsRequest.newBuilder().setNodeName(node.value());
        for (Metric metric : metrics.get()) {
            if (metric.reason() >= DropReason.DROP_INVALID_SOURCE_IP.number()) {
                report.addDrops(Drops.newBuilder()
                        .setReason(metric.reason())
                        .setText(metric.text())
                        .setDirection(metric.direction().name().toLowerCase(Locale.ROOT))
                        .setPackets(metric.packets())
                        .setBytes(metric.bytes()));
            }
        }
        return report.build();
    }
}
