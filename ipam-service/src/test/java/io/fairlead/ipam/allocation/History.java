package io.fairlead.ipam.allocation;

import static io.fairlead.ipam.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.WatchEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/**
 * Looks at every revision of a store, through a client of its own that never fails: who owns what, whether claims and records
 * say the same, and whether a CIDR changed hands before all nodes had acknowledged its withdrawal.
 */
final class History {
    private final KvStore store;
    private final FakeProgress progress;
    private final Map<String, String> state = new TreeMap<>();
    private final Map<String, Long> recordSince = new TreeMap<>();
    private final Map<String, Withdrawn> withdrawn = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();
    private int changedHands;
    private long revision;

    History(KvStore store, FakeProgress progress) {
        this.store = store;
        this.progress = progress;
        store.watch("", this::onEvents);
    }

    /** A block taken from its owner, and since when each other node had its record at that time. */
    private record Withdrawn(String owner, long revision, Map<String, Long> others) {}

    /** Waits until everything committed so far has been looked at. */
    long caughtUp() {
        long now = await(store.list("no such key")).revision();
        Instant end = Instant.now().plus(Duration.ofSeconds(20));
        while (seen() < now) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(200_000);
        }
        return now;
    }

    synchronized void check(String what) {
        assertThat(violations).as(what).isEmpty();
    }

    synchronized int changedHands() {
        return changedHands;
    }

    synchronized Set<String> nodes() {
        return new TreeSet<>(recordSince.keySet());
    }

    private synchronized long seen() {
        return revision;
    }

    private synchronized void onEvents(List<WatchEvent> events) {
        for (int i = 0; i < events.size(); i++) {
            WatchEvent event = events.get(i);
            if (event instanceof WatchEvent.Put put) {
                put(put.entry());
            } else if (event instanceof WatchEvent.Delete delete) {
                delete(delete.key(), delete.revision());
            }
            revision = Math.max(revision, event.revision());
            if (i + 1 == events.size() || events.get(i + 1).revision() != event.revision()) {
                checkAgreement();
            }
        }
    }

    private void put(KeyValue entry) {
        String key = entry.key();
        String before = state.put(key, entry.value());
        if (key.startsWith("cilium/")) {
            recordSince.put(name(key), entry.createRevision());
        } else if (key.startsWith(Replica.KEYS.blocks())) {
            if (before != null && !before.equals(entry.value())) {
                violations.add(key + " went from " + before + " to " + entry.value());
            }
            owned(key.substring(Replica.KEYS.blocks().length()), entry.value(), entry.modRevision());
        }
    }

    private void owned(String cidr, String owner, long at) {
        Cidr block = Cidr.parse(cidr);
        state.forEach((key, value) -> {
            if (key.startsWith(Replica.KEYS.blocks()) && !value.equals(owner)) {
                Cidr other = Cidr.parse(key.substring(Replica.KEYS.blocks().length()));
                if (other.overlaps(block)) {
                    violations.add(at + ": " + owner + " has " + cidr + ", " + value + " has " + other);
                }
            }
        });
        Withdrawn last = withdrawn.remove(cidr);
        if (last == null || last.owner.equals(owner)) {
            return;
        }
        changedHands++;
        last.others.forEach((node, since) -> {
            boolean stillThere = since.equals(recordSince.get(node));
            if (stillThere && !progress.everHad(node, last.revision)) {
                violations.add(at + ": " + owner + " has " + cidr + ", withdrawn from " + last.owner + " at "
                        + last.revision + ", before " + node + " acknowledged it");
            }
        });
    }

    private void delete(String key, long at) {
        String owner = state.remove(key);
        if (key.startsWith("cilium/")) {
            recordSince.remove(name(key));
        } else if (key.startsWith(Replica.KEYS.blocks()) && owner != null) {
            Map<String, Long> others = new TreeMap<>(recordSince);
            others.remove(owner.substring(owner.indexOf('/') + 1));
            withdrawn.put(key.substring(Replica.KEYS.blocks().length()), new Withdrawn(owner, at, others));
        }
    }

    private static String name(String key) {
        return key.substring(key.lastIndexOf('/') + 1);
    }

    /** Records, claims and blocks say the same, at every revision. */
    private void checkAgreement() {
        Map<String, Set<String>> blocks = new TreeMap<>();
        Map<String, Set<String>> claims = new TreeMap<>();
        Map<String, Set<String>> records = new TreeMap<>();
        state.forEach((key, value) -> {
            if (key.startsWith(Replica.KEYS.blocks())) {
                blocks.computeIfAbsent(value, v -> new TreeSet<>())
                        .add(key.substring(Replica.KEYS.blocks().length()));
            } else if (key.startsWith(Replica.KEYS.nodeClaims())) {
                claims.put(
                        key.substring(Replica.KEYS.nodeClaims().length()),
                        texts(Claim.decode(value).podCidrs()));
            } else if (key.startsWith("cilium/")) {
                records.put(
                        key.substring(Replica.KEYS.nodes().length()),
                        texts(NodeRecord.decode(value).networks().podCidrs()));
            }
        });
        if (!blocks.equals(claims) || !claims.equals(records)) {
            violations.add(revision + ": blocks " + blocks + ", claims " + claims + ", records " + records);
        }
    }

    private static Set<String> texts(List<Cidr> cidrs) {
        Set<String> texts = new TreeSet<>();
        cidrs.forEach(cidr -> texts.add(cidr.toString()));
        return texts;
    }
}
