package io.fairlead.node.api;

import io.fairlead.node.health.ClusterState;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Inputs of a status that a test sets. */
final class FakeInputs implements StatusInputs {
    volatile HostRouting routing = new HostRouting(true, "");
    volatile String masquerading = "Disabled";
    volatile Optional<Monitor> monitor = Optional.empty();
    volatile Optional<ClusterState> health = Optional.empty();
    volatile Maps maps = new Maps(Optional.empty(), Map.of());
    final Map<Integer, String> errors = new ConcurrentHashMap<>();

    @Override
    public String services() {
        return "identity 192.168.2.10:7301 (1 of 2)";
    }

    @Override
    public HostRouting hostRouting() {
        return routing;
    }

    @Override
    public String masquerading() {
        return masquerading;
    }

    @Override
    public Optional<Monitor> monitor() {
        return monitor;
    }

    @Override
    public Optional<ClusterState> health() {
        return health;
    }

    @Override
    public Maps maps() {
        return maps;
    }

    @Override
    public Map<Integer, String> policyErrors() {
        return Map.copyOf(errors);
    }
}
