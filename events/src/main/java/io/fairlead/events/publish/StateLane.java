package io.fairlead.events.publish;

import io.fairlead.contract.events.EventKind;
import io.fairlead.events.kafka.Broker;
import io.fairlead.events.outbox.Entry.Fact;
import io.fairlead.events.outbox.Outbox;
import io.fairlead.events.outbox.OutboxException;
import io.fairlead.events.source.StateSource;
import io.fairlead.kvstore.KvStore;
import io.fairlead.runtime.retry.Backoff;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kind whose events come from the store. Every replica writes all of them to its outbox; one sends them and says how far
 * it is, and the others forget what it has sent. So whoever takes over has all that was not sent.
 */
public final class StateLane implements Lane {
    private static final Logger LOGGER = LoggerFactory.getLogger(StateLane.class);
    private static final Duration SAVE_EVERY = Duration.ofMillis(500);
    private static final Duration MEASURE_EVERY = Duration.ofSeconds(1);

    private final Owner owner;
    private final EventKind kind;
    private final Broker broker;
    private final Meters meters;
    private final Spool spool;
    private final Follower follower;
    private final Sender sender;
    private final Leadership leadership;
    private final Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(10), new Random());
    // all owned by: the owner's thread
    private Optional<Fact> saved = Optional.empty();
    private boolean saving;
    private boolean asking;
    private boolean closed;
    private volatile boolean telling;

    /** Nothing begins before {@link #start}. */
    public StateLane(LanePlace place, KvStore store, StateSource source) {
        this.owner = place.owner();
        this.kind = source.kind();
        this.broker = place.broker();
        this.meters = new Meters(place.metrics(), kind);
        this.spool = new Spool(owner, place.directory(kind), place.maxBytes(), meters);
        this.follower = new Follower(owner, store, source, place.cluster(), spool, meters);
        this.sender = new Sender(owner, kind, broker, spool, meters);
        this.leadership = new Leadership(owner, store, kind, place.leaseTime());
    }

    @Override
    public void start() {
        owner.run(() -> {
            sender.onProgress(this::saveSoon);
            spool.start(follower::stop, this::follow, sender::pump);
            leadership.start(this::cursorMoved, this::elected, this::lost);
            measure();
        });
    }

    /** What was told is known from the disk, or from the topic when there is nothing on disk. */
    private void follow() {
        Optional<Outbox> open = spool.outbox();
        if (closed || asking || open.isEmpty()) {
            return;
        }
        if (!open.get().isFresh()) {
            follower.start();
            return;
        }
        asking = true;
        broker.told(kind)
                .onComplete(told -> owner.run(() -> {
                    asking = false;
                    if (told.failed()) {
                        meters.failed();
                        if (backoff.attempts() == 0) {
                            LOGGER.atWarn()
                                    .addKeyValue("kind", kind.text())
                                    .addKeyValue("error", told.cause().getMessage())
                                    .log("events wait: nothing on disk says what was told, and Kafka does not answer");
                        }
                        owner.after(backoff.next(), this::follow);
                        return;
                    }
                    backoff.reset();
                    try {
                        spool.outbox().filter(Outbox::isFresh).ifPresent(fresh -> fresh.seed(told.result()));
                        follow();
                    } catch (OutboxException e) {
                        spool.failed(e);
                    }
                }));
    }

    private void cursorMoved(Fact cursor) {
        if (!leadership.isLeader()) {
            spool.trimTo(cursor);
        }
    }

    private void elected() {
        leadership.cursor().ifPresent(spool::trimTo);
        telling = true;
        sender.start();
    }

    private void lost() {
        telling = false;
        sender.stop();
    }

    private void saveSoon() {
        if (!saving) {
            saving = true;
            owner.after(SAVE_EVERY, this::save);
        }
    }

    private void save() {
        told().ifPresentOrElse(
                        fact -> leadership
                                .save(fact)
                                .onComplete(answer -> owner.run(() -> {
                                    saving = false;
                                    if (answer.succeeded()) {
                                        saved = Optional.of(fact);
                                    }
                                    if (leadership.isLeader() && told().isPresent()) {
                                        saveSoon();
                                    }
                                })),
                        () -> saving = false);
    }

    private Optional<Fact> told() {
        return spool.outbox()
                .flatMap(open -> open.completeAt(open.trimmed()))
                .filter(fact -> leadership.isLeader() && !saved.equals(Optional.of(fact)));
    }

    private void measure() {
        if (!closed) {
            spool.measure();
            owner.after(MEASURE_EVERY, this::measure);
        }
    }

    @Override
    public String text() {
        return LaneText.of(kind, telling, meters, spool, sender);
    }

    @Override
    public Future<Void> stop() {
        Promise<Void> stopped = Promise.promise();
        owner.run(() -> {
            closed = true;
            follower.stop();
            sender.stop();
            Future<Void> last = told().map(leadership::save).orElseGet(Future::succeededFuture);
            last.otherwiseEmpty()
                    .compose(done -> leadership.stop())
                    .onComplete(done -> owner.run(() -> {
                        spool.close();
                        stopped.complete();
                    }));
        });
        return stopped.future();
    }
}
