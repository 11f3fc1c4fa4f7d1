package io.fairlead.node.reconcile;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** A table of a kernel that does as told, refuses what it was told to refuse, and can be altered behind one's back. */
final class FakeTable<K, V> implements KernelTable<K, V> {
    private final String name;
    final Map<K, V> content = new LinkedHashMap<>(); // guarded by: this
    final Set<Object> altered = new HashSet<>(); // guarded by: this; by somebody else, since the last look
    final Set<Object> refused = new HashSet<>(); // guarded by: this
    final List<String> log;
    volatile Runnable afterEach = () -> {};
    boolean unreadable; // guarded by: this
    boolean broken; // guarded by: this

    FakeTable(String name, List<String> log) {
        this.name = name;
        this.log = log;
    }

    static List<String> newLog() {
        return new CopyOnWriteArrayList<>();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public synchronized Map<K, V> load() {
        if (unreadable) {
            throw new KernelException("load " + name, 5, "EIO", FailureKind.RETRY);
        }
        altered.clear();
        return Map.copyOf(content);
    }

    @Override
    public synchronized Map<K, KernelException> upsert(Map<K, V> entries) {
        if (broken) {
            throw new KernelException(name + " add", 105, "ENOBUFS", FailureKind.RETRY);
        }
        Map<K, KernelException> failed = new HashMap<>();
        entries.forEach((key, value) -> {
            if (refused.contains(key)) {
                failed.put(key, new KernelException(name + " add " + key, 22, "EINVAL (no)", FailureKind.GIVE_UP));
            } else {
                content.put(key, value);
                afterEach.run();
            }
        });
        log.add(name + "+" + entries.keySet());
        return failed;
    }

    @Override
    public synchronized Map<K, KernelException> delete(Collection<K> keys) {
        keys.forEach(key -> {
            content.remove(key);
            afterEach.run();
        });
        log.add(name + "-" + keys);
        return Map.of();
    }

    synchronized Map<K, V> snapshot() {
        return Map.copyOf(content);
    }
}
