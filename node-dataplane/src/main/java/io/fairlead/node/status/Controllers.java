package io.fairlead.node.status;

import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;

/** All controllers of the agent, by name. */
public final class Controllers {
    private final Clock clock;
    private final ConcurrentSkipListMap<String, Controller> byName = new ConcurrentSkipListMap<>();

    public Controllers(Clock clock) {
        this.clock = clock;
    }

    /** The controller of this name, made when it is not there. */
    public Controller get(String name) {
        return byName.computeIfAbsent(name, n -> new Controller(n, clock));
    }

    public Collection<Controller> all() {
        return List.copyOf(byName.values());
    }
}
