package io.fairlead.events.source;

import io.fairlead.contract.events.EventKind;
import java.util.List;
import java.util.function.Supplier;

/**
 * Where the events of a kind come from.
 *
 * @param kind of the events
 * @param prefixes of the store to follow
 * @param projection makes one for each watch
 */
public record StateSource(EventKind kind, List<String> prefixes, Supplier<Projection> projection) {
    public StateSource {
        prefixes = List.copyOf(prefixes);
    }
}
