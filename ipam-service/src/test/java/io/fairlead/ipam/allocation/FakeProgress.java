package io.fairlead.ipam.allocation;

import io.fairlead.contract.NodeName;
import io.fairlead.kvstore.progress.NodeReached;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** What nodes have acknowledged, as a test says it. */
final class FakeProgress implements Progress {
    private final Map<NodeName, NodeReached> nodes = new TreeMap<>();
    /** The highest version each node ever acknowledged, also of those that are gone. */
    private final Map<String, Long> ever = new TreeMap<>();

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    @Override
    public synchronized Map<NodeName, NodeReached> nodes() {
        return Map.copyOf(nodes);
    }

    @Override
    public void onChange(Runnable action) {
        listeners.add(action);
    }

    synchronized boolean everHad(String node, long version) {
        return ever.getOrDefault(node, -1L) >= version;
    }

    void ack(String node, long version) {
        ack(node, version, Map.of());
    }

    void ack(String node, long version, Map<String, String> failed) {
        synchronized (this) {
            ever.merge(node, version, Math::max);
            nodes.put(new NodeName(node), new NodeReached("r1", "e1", version, version, failed));
        }
        listeners.forEach(Runnable::run);
    }

    void disconnect(String node) {
        synchronized (this) {
            nodes.remove(new NodeName(node));
        }
        listeners.forEach(Runnable::run);
    }
}
