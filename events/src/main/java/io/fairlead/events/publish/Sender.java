package io.fairlead.events.publish;

import io.fairlead.contract.events.EventKind;
import io.fairlead.events.kafka.Broker;
import io.fairlead.events.outbox.Entry;
import io.fairlead.runtime.retry.Backoff;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a lane's entries in order, a window at a time, and forgets what the broker has. On the owner's thread.
 *
 * <p>After a failure it waits until everything under way has ended, and goes on behind the last entry up to which all
 * succeeded: what follows may be told again. While the broker fails, one entry at a time tries it.
 */
final class Sender {
    private static final Logger LOGGER = LoggerFactory.getLogger(Sender.class);
    private static final int WINDOW = 1000;
    private static final int WINDOW_BYTES = 2 << 20;

    private final Owner owner;
    private final EventKind kind;
    private final Broker broker;
    private final Spool spool;
    private final Meters meters;
    private final Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5), new Random());
    // all owned by: the owner's thread
    private final Deque<Flight> flights = new ArrayDeque<>();
    private Runnable onProgress = () -> {};
    private boolean active;
    private boolean ready;
    private boolean waiting;
    private @Nullable Throwable failure;
    private long position;
    private long flightBytes;
    private int open;
    private volatile String trouble = "";

    private static final class Flight {
        private final long seq;
        private final int bytes;
        private boolean done;

        Flight(Entry entry) {
            this.seq = entry.seq();
            this.bytes = entry.key().length() + entry.value().length();
        }
    }

    Sender(Owner owner, EventKind kind, Broker broker, Spool spool, Meters meters) {
        this.owner = owner;
        this.kind = kind;
        this.broker = broker;
        this.spool = spool;
        this.meters = meters;
    }

    /** What is wrong with the broker; empty when nothing is. Any thread. */
    String trouble() {
        return trouble;
    }

    void onProgress(Runnable listener) {
        onProgress = listener;
    }

    /** Begins with the first entry that is not told. */
    void start() {
        active = true;
        position = 0;
        pump();
    }

    /** Sends nothing more; what is under way ends by itself. */
    void stop() {
        active = false;
    }

    boolean isActive() {
        return active;
    }

    /** Sends what there is and fits. */
    void pump() {
        if (!active || waiting || failure != null) {
            return;
        }
        if (!ready) {
            prepare();
            return;
        }
        boolean probing = backoff.attempts() > 0;
        int most = probing ? 1 - flights.size() : WINDOW - flights.size();
        boolean worth = probing || flights.size() <= WINDOW / 2;
        if (most <= 0 || !worth || flightBytes >= WINDOW_BYTES) {
            return;
        }
        for (Entry entry : spool.read(position, most, (int) (WINDOW_BYTES - flightBytes))) {
            send(entry);
        }
        settle();
    }

    private void prepare() {
        waiting = true;
        asked(() -> broker.ensureTopic(kind))
                .onComplete(made -> owner.run(() -> {
                    waiting = false;
                    ready = made.succeeded();
                    if (ready) {
                        pump();
                    } else {
                        later(made.cause());
                    }
                }));
    }

    /** A client that throws has failed like one that answers so. */
    private static Future<Void> asked(Supplier<Future<Void>> question) {
        return Future.succeededFuture().compose(now -> question.get());
    }

    private void send(Entry entry) {
        Flight flight = new Flight(entry);
        position = entry.seq();
        flights.add(flight);
        if (entry.isMark()) {
            flight.done = true;
            return;
        }
        flightBytes += flight.bytes;
        open++;
        Future<Void> sent = asked(() -> broker.send(kind, entry));
        sent.onComplete(answer -> owner.run(() -> answered(flight, entry.key(), answer)));
    }

    private void answered(Flight flight, String key, AsyncResult<Void> answer) {
        open--;
        flightBytes -= flight.bytes;
        if (answer.succeeded()) {
            flight.done = true;
            meters.published();
            if (backoff.attempts() > 0) {
                LOGGER.atInfo().addKeyValue("kind", kind.text()).log("Kafka takes events again");
            }
            backoff.reset();
            trouble = "";
        } else if (answer.cause() instanceof Broker.RefusedException) {
            flight.done = true;
            meters.failed();
            LOGGER.atError()
                    .addKeyValue("key", key)
                    .addKeyValue("error", answer.cause().getMessage())
                    .log("event cannot be told, it is left out");
        } else {
            failure = answer.cause();
            trouble = String.valueOf(answer.cause().getMessage());
        }
        settle();
        Throwable cause = failure;
        if (cause == null) {
            pump();
        } else if (open == 0) {
            flights.clear();
            flightBytes = 0;
            position = 0;
            failure = null;
            later(cause);
        }
    }

    /** Forgets what all before succeeded. */
    private void settle() {
        long seq = 0;
        while (!flights.isEmpty() && flights.getFirst().done) {
            seq = flights.removeFirst().seq;
        }
        if (seq != 0) {
            spool.trim(seq);
            onProgress.run();
        }
    }

    private void later(Throwable cause) {
        meters.failed();
        trouble = String.valueOf(cause.getMessage());
        if (backoff.attempts() == 0) {
            LOGGER.atWarn()
                    .addKeyValue("kind", kind.text())
                    .addKeyValue("error", trouble)
                    .log("Kafka does not take events, they wait on disk");
        }
        waiting = true;
        owner.after(backoff.next(), () -> {
            waiting = false;
            pump();
        });
    }
}
