package io.fairlead.kvstore.memory;

import io.vertx.core.Promise;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the clients of one memory store share: the data, the leases, the thread. */
final class MemoryServer {
    private static final Logger LOGGER = LoggerFactory.getLogger(MemoryServer.class);
    private static final long TICK_MILLIS = 20;

    private final String lineage = UUID.randomUUID().toString();
    private final InstantSource clock;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(this::storeThread);
    // written once, by the first task; read by any thread
    private volatile @Nullable Thread owner;
    private final MemoryData data = new MemoryData();
    // owned by: the store thread
    private final List<MemoryKvStore> clients = new ArrayList<>();
    // owned by: the store thread
    private final Map<Long, Granted> leases = new HashMap<>();
    // owned by: the store thread
    private long lastLease = 0x1000;

    /** A lease as the server sees it; times are the clock's milliseconds. */
    private static final class Granted {
        private final MemoryKvStore owner;
        private final long ttlMillis;
        private final Promise<Void> lost = Promise.promise();
        private long expires;

        Granted(MemoryKvStore owner, long ttlMillis) {
            this.owner = owner;
            this.ttlMillis = ttlMillis;
        }
    }

    MemoryServer(InstantSource clock) {
        this.clock = clock;
        Future<?> untilShutdown =
                thread.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        LOGGER.atDebug().addKeyValue("ticking", !untilShutdown.isDone()).log("memory store started");
    }

    String lineage() {
        return lineage;
    }

    /** Runs a step on the store thread; false when the last client is gone. */
    boolean run(Runnable step) {
        try {
            thread.execute(step);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private Thread storeThread(Runnable task) {
        Thread made = new Thread(task, "memory-kvstore");
        made.setDaemon(true);
        owner = made;
        return made;
    }

    /** True on the store thread itself, where waiting for it would never end. */
    boolean isMine() {
        return Thread.currentThread().equals(owner);
    }

    MemoryData data() {
        return data;
    }

    void join(MemoryKvStore client) {
        clients.add(client);
    }

    void leave(MemoryKvStore client) {
        clients.remove(client);
        if (clients.isEmpty()) {
            thread.shutdownNow();
        }
    }

    void publish(MemoryData.@Nullable Change change) {
        if (change != null) {
            clients.forEach(client -> client.onChange(change));
        }
    }

    Set<Long> leaseIds() {
        return leases.keySet();
    }

    MemoryLease grant(MemoryKvStore owner, Duration ttl) {
        Granted granted = new Granted(owner, ttl.toMillis());
        granted.expires = clock.millis() + granted.ttlMillis;
        long id = ++lastLease;
        leases.put(id, granted);
        return new MemoryLease(owner, id, granted.lost.future());
    }

    void end(long id) {
        Granted granted = leases.remove(id);
        if (granted != null) {
            publish(data.deleteOfLease(id));
            granted.lost.tryComplete();
        }
    }

    private void tick() {
        long now = clock.millis();
        for (Map.Entry<Long, Granted> lease : List.copyOf(leases.entrySet())) {
            Granted granted = lease.getValue();
            if (granted.owner.renews()) {
                granted.expires = now + granted.ttlMillis;
            } else if (granted.expires <= now) {
                end(lease.getKey());
            }
        }
    }
}
