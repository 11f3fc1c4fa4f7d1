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
    void theTreeStaysBalancedAndSorted() {
        Random random = new Random(7);
        Tree<Integer, Integer> tree = Tree.empty(Comparator.<Integer>naturalOrder());
        TreeMap<Integer, Integer> model = new TreeMap<>();
        for (int i = 0; i < 20_000; i++) {
            int key = i < 5_000 ? i : random.nextInt(10_000);
            if (i % 3 == 2) {
                tree = tree.remove(key);
                model.remove(key);
            } else {
                tree = tree.put(key, i);
                model.put(key, i);
            }
        }
        List<Integer> keys = new ArrayList<>();
        tree.forEachFrom(5_000, (key, value) -> keys.add(key));
        assertThat(keys).containsExactlyElementsOf(model.tailMap(5_000).keySet());
        assertThat(tree.size()).isEqualTo(model.size());
        // an AVL tree is at most 1.44 times as high as a perfect one
        assertThat(tree.height()).isLessThanOrEqualTo((int) (1.45 * Math.log(model.size() + 2) / Math.log(2)));
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
