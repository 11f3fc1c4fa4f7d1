package io.fairlead.kvstore;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.Assertions;

/** Keeps what a watch says, replays it into a map, and notes every breach of the watch contract. */
public final class Recorder implements WatchListener {
    private final List<List<WatchEvent>> calls = new ArrayList<>();
    private final Map<String, String> replay = new TreeMap<>();
    private final List<String> breaches = new ArrayList<>();
    private long last;
    private int synced;
    private int disrupted;

    @Override
    public synchronized void onEvents(List<WatchEvent> events) {
        long before = last;
        for (WatchEvent event : events) {
            boolean isSync = event instanceof WatchEvent.Synced;
            if (event.revision() < last || (!isSync && event.revision() <= before)) {
                breaches.add(event + " after revision " + last + " (last call ended at " + before + ")");
            }
            last = Math.max(last, event.revision());
            if (event instanceof WatchEvent.Put put) {
                if (synced == 0 && replay.containsKey(put.entry().key())) {
                    breaches.add("listed twice: " + put);
                }
                replay.put(put.entry().key(), put.entry().value());
            } else if (event instanceof WatchEvent.Delete delete && replay.remove(delete.key()) == null) {
                breaches.add("deleted but never said: " + delete);
            } else if (isSync) {
                synced++;
            }
        }
        calls.add(events);
    }

    @Override
    public synchronized void onDisrupted(KvException cause) {
        disrupted++;
    }

    public synchronized List<List<WatchEvent>> calls() {
        return List.copyOf(calls);
    }

    public synchronized List<WatchEvent> events() {
        return calls.stream().flatMap(List::stream).toList();
    }

    public synchronized Map<String, String> replay() {
        return new TreeMap<>(replay);
    }

    public synchronized int synced() {
        return synced;
    }

    public synchronized int disrupted() {
        return disrupted;
    }

    public synchronized List<String> breaches() {
        return List.copyOf(breaches);
    }

    public void awaitSynced(int times) {
        await("synced " + times + " times", () -> synced() >= times);
    }

    public void awaitReplay(Map<String, String> expected) {
        try {
            await("replay", () -> replay().equals(expected));
        } catch (AssertionError e) {
            Assertions.assertThat(replay()).isEqualTo(expected);
            throw e;
        }
    }

    /** Polls until something holds, for at most 20 s. */
    public static void await(String what, BooleanSupplier holds) {
        long limit = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > limit) {
                throw new AssertionError("not within 20 s: " + what);
            }
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted waiting for " + what, e);
            }
        }
    }
}
