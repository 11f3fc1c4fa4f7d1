package io.fairlead.events.publish;

import io.fairlead.contract.events.EventKind;
import io.fairlead.contract.events.EventRecord;
import io.fairlead.events.outbox.Entry.Fact;
import io.fairlead.events.source.Summary;
import io.fairlead.events.source.SummarySource;
import io.fairlead.kvstore.KvStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A kind that is told again and again. What is written while Kafka is away is told when it is back. */
public final class SummaryLane implements Lane {
    private static final Logger LOGGER = LoggerFactory.getLogger(SummaryLane.class);
    private static final Duration MEASURE_EVERY = Duration.ofSeconds(1);

    private final Owner owner;
    private final SummarySource source;
    private final String cluster;
    private final Meters meters;
    private final Spool spool;
    private final Sender sender;
    private final Leadership leadership;
    // owned by: the owner's thread
    private boolean closed;
    private volatile boolean telling;

    /** Nothing begins before {@link #start}. */
    public SummaryLane(LanePlace place, KvStore store, SummarySource source) {
        EventKind kind = source.kind();
        this.owner = place.owner();
        this.source = source;
        this.cluster = place.cluster();
        this.meters = new Meters(place.metrics(), kind);
        this.spool = new Spool(owner, place.directory(kind), place.maxBytes(), meters);
        this.sender = new Sender(owner, kind, place.broker(), spool, meters);
        this.leadership = new Leadership(owner, store, kind, place.leaseTime());
    }

    @Override
    public void start() {
        owner.run(() -> {
            spool.start(() -> {}, () -> {}, sender::pump);
            // what was written is this replica's to send, whoever writes now
            sender.start();
            if (source.once()) {
                leadership.start(fact -> {}, () -> telling = true, () -> telling = false);
            } else {
                telling = true;
            }
            measure();
            owner.after(source.every(), this::tick);
        });
    }

    private void tick() {
        if (closed) {
            return;
        }
        owner.after(source.every(), this::tick);
        if (!telling) {
            return;
        }
        source.news()
                .get()
                .onComplete(answer -> owner.run(() -> {
                    if (answer.failed()) {
                        meters.failed();
                        LOGGER.atDebug()
                                .addKeyValue("kind", source.kind().text())
                                .addKeyValue("error", answer.cause().getMessage())
                                .log("no summary now");
                    } else if (!closed) {
                        write(answer.result());
                    }
                }));
    }

    private void write(List<Summary> news) {
        EventKind kind = source.kind();
        for (Summary each : news) {
            String key = kind.key(each.entity());
            EventRecord.Origin origin = new EventRecord.Origin("time", each.atMs());
            Instant at = Instant.ofEpochMilli(each.atMs());
            EventRecord record = new EventRecord(kind, kind.created(), key, origin, at, cluster, false, each.detail());
            Fact fact = new Fact("time", each.atMs(), Fact.hash(each.detail().toString()), false);
            if (!spool.append(key, record.encode(), fact, 0)) {
                return;
            }
        }
    }

    private void measure() {
        if (!closed) {
            spool.measure();
            owner.after(MEASURE_EVERY, this::measure);
        }
    }

    @Override
    public String text() {
        return LaneText.of(source.kind(), telling, meters, spool, sender);
    }

    @Override
    public Future<Void> stop() {
        Promise<Void> stopped = Promise.promise();
        owner.run(() -> {
            closed = true;
            sender.stop();
            leadership
                    .stop()
                    .onComplete(done -> owner.run(() -> {
                        spool.close();
                        stopped.complete();
                    }));
        });
        return stopped.future();
    }
}
