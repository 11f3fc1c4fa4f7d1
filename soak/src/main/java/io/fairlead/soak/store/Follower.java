package io.fairlead.soak.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Follows every change of the store, from the first revision on, at whichever member answers.
 *
 * <p>A silent member is left after a second and a half: it may be paused, cut off, or nothing may happen. What it tells comes
 * in revision order, nothing twice. A thread of its own.
 */
public final class Follower implements AutoCloseable {
    private static final int SILENCE_MS = 1500;

    private final List<String> endpoints;
    private final Consumer<List<Change>> listener;
    private final LongSupplier clock;
    private final Thread thread = new Thread(this::run, "follower");
    private volatile boolean closed;
    private volatile long next = 1;
    private final AtomicLong gaps = new AtomicLong();

    /**
     * Starts to follow.
     *
     * @param listener is told the changes of a revision, or of several, on the follower's thread
     * @param clock nanoseconds of the run
     */
    public Follower(List<String> endpoints, Consumer<List<Change>> listener, LongSupplier clock) {
        this.endpoints = List.copyOf(endpoints);
        this.listener = listener;
        this.clock = clock;
        thread.setDaemon(true);
        thread.start();
    }

    /** Everything up to this revision has been told. */
    public long reached() {
        return next - 1;
    }

    /** How often history was compacted away before it was seen; 0 unless somebody else compacts. */
    public long gaps() {
        return gaps.get();
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }

    private void run() {
        for (int i = 0; !closed; i++) {
            try {
                follow(endpoints.get(i % endpoints.size()));
            } catch (IOException e) {
                // down, paused or cut off: the next one
                LockSupport.parkNanos(50_000_000);
            }
        }
    }

    private void follow(String endpoint) throws IOException {
        ObjectNode request = EtcdHttp.JSON.createObjectNode();
        // from the first key to the last
        request.putObject("create_request")
                .put("key", "AA==")
                .put("range_end", "AA==")
                .put("start_revision", next);
        HttpURLConnection connection = EtcdHttp.open(endpoint, "/v3/watch", request, SILENCE_MS);
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null && !closed; line = lines.readLine()) {
                take(EtcdHttp.JSON.readTree(line).path("result"));
            }
        } finally {
            connection.disconnect();
        }
    }

    private void take(JsonNode result) throws IOException {
        long compacted = result.path("compact_revision").asLong(0);
        if (compacted > 0) {
            gaps.incrementAndGet();
            next = Math.max(next, compacted);
            throw new IOException("compacted");
        }
        if (result.path("canceled").asBoolean(false)) {
            throw new IOException("cancelled");
        }
        List<Change> changes = new ArrayList<>();
        long last = 0;
        for (JsonNode event : result.path("events")) {
            JsonNode kv = event.path("kv");
            long revision = kv.path("mod_revision").asLong();
            String key = EtcdHttp.decode(kv.path("key").asText());
            boolean deleted = event.path("type").asText("PUT").equals("DELETE");
            Optional<String> value = deleted
                    ? Optional.empty()
                    : Optional.of(EtcdHttp.decode(kv.path("value").asText()));
            changes.add(new Change(revision, key, value, clock.getAsLong()));
            last = Math.max(last, revision);
        }
        if (!changes.isEmpty()) {
            listener.accept(changes);
            next = last + 1;
        }
    }
}
