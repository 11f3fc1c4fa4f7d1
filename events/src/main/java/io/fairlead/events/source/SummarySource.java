package io.fairlead.events.source;

import io.fairlead.contract.events.EventKind;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * Where summaries of a kind come from.
 *
 * @param kind of the events
 * @param once true when all replicas would say the same, so that one alone does
 * @param every how often it is asked
 * @param news what to tell; nothing when nothing changed. Called on the publisher's thread, may answer on any
 */
public record SummarySource(EventKind kind, boolean once, Duration every, Supplier<Future<List<Summary>>> news) {}
