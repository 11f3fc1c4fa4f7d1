package io.fairlead.node.monitor;

import io.fairlead.node.kernel.bpf.SettingsMap;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which events a listener wants. An event passes when its type is wanted and, if there are endpoints, any of them
 * matches; events that are of no endpoint then do not pass.
 *
 * @param types none for all
 * @param from endpoints that tell it
 * @param to endpoints it is about
 * @param relatedTo either
 */
public record EventFilter(Set<EventType> types, Set<Integer> from, Set<Integer> to, Set<Integer> relatedTo) {
    /** Everything. */
    public static final EventFilter ALL = new EventFilter(Set.of(), Set.of(), Set.of(), Set.of());

    public EventFilter {
        types = types.isEmpty() ? Set.of(EventType.values()) : Set.copyOf(types);
        from = Set.copyOf(from);
        to = Set.copyOf(to);
        relatedTo = Set.copyOf(relatedTo);
    }

    /**
     * A filter of texts and numbers, as a caller gives them.
     *
     * @throws IllegalArgumentException naming a type that does not exist
     */
    public static EventFilter of(
            Collection<String> types, Collection<Integer> from, Collection<Integer> to, Collection<Integer> relatedTo) {
        return new EventFilter(
                types.stream().map(EventType::parse).collect(Collectors.toSet()),
                Set.copyOf(from),
                Set.copyOf(to),
                Set.copyOf(relatedTo));
    }

    boolean wants(Event event) {
        if (!types.contains(event.type())) {
            return false;
        }
        if (from.isEmpty() && to.isEmpty() && relatedTo.isEmpty()) {
            return true;
        }
        int source = event.source();
        int destination = event.destination();
        return from.contains(source)
                || to.contains(destination)
                || relatedTo.contains(source)
                || relatedTo.contains(destination);
    }

    /** What the datapath has to write for it. */
    Set<SettingsMap.Event> datapath() {
        Set<SettingsMap.Event> events = EnumSet.noneOf(SettingsMap.Event.class);
        types.forEach(type -> type.datapath().ifPresent(events::add));
        return events;
    }
}
