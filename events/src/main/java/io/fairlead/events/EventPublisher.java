package io.fairlead.events;

import io.fairlead.events.EventKeys.Settings;
import io.fairlead.events.kafka.Broker;
import io.fairlead.events.kafka.KafkaBroker;
import io.fairlead.events.publish.Lane;
import io.fairlead.events.publish.LanePlace;
import io.fairlead.events.publish.Owner;
import io.fairlead.events.publish.StateLane;
import io.fairlead.events.publish.SummaryLane;
import io.fairlead.events.source.StateSource;
import io.fairlead.events.source.SummarySource;
import io.fairlead.kvstore.KvStore;
import io.fairlead.runtime.health.HealthCheck;
import io.fairlead.runtime.process.Lifecycle;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the events of a process's kinds to Kafka. It has its own watches of the store and a thread of its own: nothing the
 * process serves waits for it, and the process is ready whatever Kafka does.
 */
public final class EventPublisher {
    private static final Logger LOGGER = LoggerFactory.getLogger(EventPublisher.class);

    private final Owner owner = new Owner();
    private final Broker broker;
    private final List<Lane> lanes = new ArrayList<>();

    private EventPublisher(Broker broker) {
        this.broker = broker;
    }

    /**
     * Starts to tell, when that is configured; returns at once.
     *
     * @param settings where to; empty for nobody
     * @param cluster whose events these are
     */
    public static void start(
            Optional<Settings> settings,
            Lifecycle life,
            KvStore store,
            String cluster,
            List<StateSource> states,
            List<SummarySource> summaries) {
        if (settings.isEmpty()) {
            return;
        }
        Broker broker = new KafkaBroker(life.vertx(), settings.get().kafka(), "fairlead-" + cluster);
        EventPublisher publisher = new EventPublisher(broker);
        LanePlace place = new LanePlace(
                publisher.owner,
                broker,
                life.metrics(),
                cluster,
                settings.get().outboxes(),
                settings.get().maxBytes(),
                settings.get().leaseTime());
        states.forEach(source -> publisher.lanes.add(new StateLane(place, store, source)));
        summaries.forEach(source -> publisher.lanes.add(new SummaryLane(place, store, source)));
        life.health().register("events", HealthCheck.of(publisher::state));
        life.onStop("events", publisher::stop);
        LOGGER.atInfo()
                .addKeyValue("to", settings.get().kafka())
                .addKeyValue("outbox", settings.get().outboxes())
                .log("telling events");
        publisher.lanes.forEach(Lane::start);
    }

    /** Always well: a process serves its nodes without Kafka, and says here what waits. */
    private HealthCheck.State state() {
        return new HealthCheck.State(true, lanes.stream().map(Lane::text).collect(Collectors.joining("; ")));
    }

    private Future<Void> stop() {
        return Future.join(lanes.stream().map(Lane::stop).toList())
                .eventually(broker::close)
                .eventually(() -> {
                    owner.close();
                    return Future.succeededFuture();
                })
                .mapEmpty();
    }
}
