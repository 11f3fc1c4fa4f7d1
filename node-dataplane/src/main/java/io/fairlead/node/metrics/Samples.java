package io.fairlead.node.metrics;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;

/** Collects samples of one scrape. Counters are named without "_total", which the text form adds. */
final class Samples {
    private static final String PREFIX = "fairlead_";

    private record Family(boolean counter, String help, Map<Labels, Double> values) {}

    private final Map<String, Family> families = new LinkedHashMap<>();

    /** A number that only grows. Labels: name, value, name, value, …; the same labels again add up. */
    Samples counter(String name, String help, Number value, String... labels) {
        return add(true, name, help, value, Double::sum, labels);
    }

    /** A number of now. */
    Samples gauge(String name, String help, Number value, String... labels) {
        return add(false, name, help, value, Double::sum, labels);
    }

    /** The largest of all numbers of now with the same labels. */
    Samples most(String name, String help, Number value, String... labels) {
        return add(false, name, help, value, Math::max, labels);
    }

    private Samples add(
            boolean counter, String name, String help, Number value, DoubleBinaryOperator sum, String... labels) {
        families.computeIfAbsent(name, ignored -> new Family(counter, help, new LinkedHashMap<>()))
                .values()
                .merge(Labels.of(labels), value.doubleValue(), sum::applyAsDouble);
        return this;
    }

    MetricSnapshots snapshots() {
        List<MetricSnapshot> all = new ArrayList<>();
        families.forEach((name, family) -> all.add(family.counter() ? counters(name, family) : gauges(name, family)));
        return new MetricSnapshots(all);
    }

    private static MetricSnapshot counters(String name, Family family) {
        CounterSnapshot.Builder builder =
                CounterSnapshot.builder().name(PREFIX + name).help(family.help());
        family.values()
                .forEach((labels, value) -> builder.dataPoint(CounterDataPointSnapshot.builder()
                        .labels(labels)
                        .value(value)
                        .build()));
        return builder.build();
    }

    private static MetricSnapshot gauges(String name, Family family) {
        GaugeSnapshot.Builder builder =
                GaugeSnapshot.builder().name(PREFIX + name).help(family.help());
        family.values()
                .forEach((labels, value) -> builder.dataPoint(GaugeDataPointSnapshot.builder()
                        .labels(labels)
                        .value(value)
                        .build()));
        return builder.build();
    }
}
