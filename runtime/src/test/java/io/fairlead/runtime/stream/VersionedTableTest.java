package io.fairlead.runtime.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class VersionedTableTest {
    @Test
    void aDifferenceSaysEachKeyOnceWithItsLastChange() {
        VersionedTable<String, String> table = VersionedTable.loaded(
                        Comparator.<String>naturalOrder(), "e", 10, Map.of("a", "1", "b", "1"))
                .apply(11, List.of(new Change.Upsert<>("c", "1")))
                .apply(12, List.of(new Change.Upsert<>("c", "2"), new Change.Remove<>("a")))
                .apply(13, List.of(new Change.Upsert<>("b", "1")));
        assertThat(table.version()).isEqualTo(13);
        assertThat(table.diff(10)).contains(List.of(new Change.Remove<>("a"), new Change.Upsert<>("c", "2")));
        assertThat(table.diff(12)).contains(List.of());
        assertThat(table.diff(9)).isEmpty();
        assertThat(table.diff(14)).isEmpty();
        assertThat(table.size()).isEqualTo(2);
        assertThat(table.get("a")).isEmpty();
        assertThat(table.entries()).contains(new VersionedTable.Entry<>("c", "2", 12));
    }

    @Test
    void aChangeWithoutANewVersionIsRefused() {
        VersionedTable<String, String> table =
                VersionedTable.loaded(Comparator.<String>naturalOrder(), "e", 10, Map.of("a", "1"));
        assertThatThrownBy(() -> table.apply(10, List.of(new Change.Remove<>("a"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("10");
        assertThat(table.apply(10, List.of(new Change.Upsert<>("a", "1")))).isSameAs(table);
    }

    @Test
    void everyRememberedVersionLeadsToThePresent() {
        for (long seed = 1; seed <= 30; seed++) {
            Random random = new Random(seed);
            VersionedTable<Integer, Integer> table =
                    VersionedTable.loaded(Comparator.<Integer>naturalOrder(), "e", 1, Map.of(), 8);
            List<Map<Integer, Integer>> history = new ArrayList<>(List.of(Map.of(), Map.of()));
            Map<Integer, Integer> model = new TreeMap<>();
            for (long version = 2; version < 200; version++) {
                List<Change<Integer, Integer>> changes = new ArrayList<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    int key = random.nextInt(40);
                    if (random.nextBoolean()) {
                        changes.add(new Change.Upsert<>(key, random.nextInt(3)));
                    } else {
                        changes.add(new Change.Remove<>(key));
                    }
                }
                table = table.apply(version, changes);
                changes.forEach(c -> change(model, c));
                history.add(new HashMap<>(model));
                assertThat(table.size()).as("seed %d", seed).isEqualTo(model.size());
            }
            for (int since = 0; since < 200; since++) {
                Optional<List<Change<Integer, Integer>>> diff = table.diff(since);
                assertThat(diff.isPresent()).isEqualTo(since >= table.floor());
                Map<Integer, Integer> from = new TreeMap<>(history.get(since));
                diff.ifPresent(changes -> {
                    changes.forEach(c -> change(from, c));
                    assertThat(from).isEqualTo(model);
                });
            }
            assertThat(table.floor()).as("seed %d", seed).isGreaterThan(1);
        }
    }

    @Test
    void aBatchIsTheSameAsItsChangesOneByOne() {
        for (long seed = 1; seed <= 30; seed++) {
            Random random = new Random(seed);
            Map<Integer, Integer> first = new HashMap<>();
            for (int i = random.nextInt(30); i > 0; i--) {
                first.put(random.nextInt(40), 0);
            }
            VersionedTable<Integer, Integer> table =
                    VersionedTable.loaded(Comparator.<Integer>naturalOrder(), "e", 1, first, 1_000);
            Map<Integer, Integer> model = new TreeMap<>(first);
            Map<Integer, Long> changedAt = new HashMap<>();
            List<VersionedTable<Integer, Integer>> versions = new ArrayList<>(List.of(table, table));
            List<Map<Integer, Integer>> history = new ArrayList<>(List.of(new TreeMap<>(model), new TreeMap<>(model)));
            for (long version = 2; version < 150; version++) {
                List<Change<Integer, Integer>> changes = changes(random);
                for (Change<Integer, Integer> change : changes) {
                    Integer before = model.get(change.key());
                    change(model, change);
                    if (!java.util.Objects.equals(before, model.get(change.key()))) {
                        changedAt.put(change.key(), version);
                    }
                }
                table = table.apply(version, changes);
                versions.add(table);
                history.add(new TreeMap<>(model));
            }
            long last =
                    changedAt.values().stream().mapToLong(Long::longValue).max().orElse(1);
            assertThat(table.changedAt()).as("seed %d", seed).isEqualTo(last);
            for (int since = 1; since < 150; since++) {
                assertThat(table.diff(since))
                        .as("seed %d since %d", seed, since)
                        .contains(expected(model, changedAt, since));
                assertThat(present(versions.get(since)))
                        .as("seed %d: version %d is what it was", seed, since)
                        .isEqualTo(history.get(since));
            }
        }
    }

    private static List<Change<Integer, Integer>> changes(Random random) {
        List<Change<Integer, Integer>> changes = new ArrayList<>();
        for (int i = random.nextInt(12); i > 0; i--) {
            int key = random.nextInt(40);
            changes.add(random.nextBoolean() ? new Change.Upsert<>(key, random.nextInt(3)) : new Change.Remove<>(key));
        }
        return changes;
    }

    private static List<Change<Integer, Integer>> expected(
            Map<Integer, Integer> model, Map<Integer, Long> changedAt, long since) {
        return changedAt.entrySet().stream()
                .filter(entry -> entry.getValue() > since)
                .sorted(Map.Entry.<Integer, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .<Change<Integer, Integer>>map(entry -> {
                    Integer value = model.get(entry.getKey());
                    return value == null
                            ? new Change.Remove<>(entry.getKey())
                            : new Change.Upsert<>(entry.getKey(), value);
                })
                .toList();
    }

    private static Map<Integer, Integer> present(VersionedTable<Integer, Integer> table) {
        Map<Integer, Integer> all = new TreeMap<>();
        table.entries().forEach(entry -> all.put(entry.key(), entry.value()));
        return all;
    }

    @Test
    void whatChangesAgainAndAgainTakesNoMoreRoom() {
        VersionedTable<Integer, Integer> table =
                VersionedTable.loaded(Comparator.<Integer>naturalOrder(), "e", 1, Map.of(1, 0, 2, 0));
        for (int version = 2; version < 5_000; version++) {
            table = table.apply(version, List.of(new Change.Upsert<>(1, version)));
            assertThat(table.diff(1)).contains(List.of(new Change.Upsert<>(1, version)));
            assertThat(table.logged()).isLessThan(100);
        }
        assertThat(table.diff(4_998).orElseThrow()).hasSize(1);
    }

    @Test
    void aChangeToTwentyThousandEntriesCostsMicroseconds() {
        Map<Integer, Integer> values = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            values.put(i, 0);
        }
        VersionedTable<Integer, Integer> table =
                VersionedTable.loaded(Comparator.<Integer>naturalOrder(), "e", 1, values);
        long began = System.nanoTime();
        for (int i = 2; i < 10_002; i++) {
            table = table.apply(i, List.of(new Change.Upsert<>(i, i)));
            assertThat(table.diff(i - 1).orElseThrow()).hasSize(1);
        }
        // a full copy for each change would take ten times as long
        assertThat((System.nanoTime() - began) / 10_000).isLessThan(200_000);
    }

    private static void change(Map<Integer, Integer> model, Change<Integer, Integer> change) {
        if (change instanceof Change.Upsert<Integer, Integer> upsert) {
            model.put(upsert.key(), upsert.value());
        } else {
            model.remove(change.key());
        }
    }
}
