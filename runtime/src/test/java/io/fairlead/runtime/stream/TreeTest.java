package io.fairlead.runtime.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class TreeTest {
    @Test
    void theTreeStaysBalancedAndSorted() {
        Random random = new Random(7);
        Tree<Integer, Integer> tree = Tree.empty(Comparator.<Integer>naturalOrder());
        TreeMap<Integer, Integer> model = new TreeMap<>();
        for (int i = 0; i < 20_000; i++) {
            int key = i < 5_000 ? i : random.nextInt(10_000);
            Tree.Edit<Integer, Integer> edit = tree.edit();
            if (i % 3 == 2) {
                edit.remove(key);
                model.remove(key);
            } else {
                edit.put(key, i);
                model.put(key, i);
            }
            tree = edit.done();
        }
        List<Integer> keys = new ArrayList<>();
        tree.forEachFrom(5_000, (key, value) -> keys.add(key));
        assertThat(keys).containsExactlyElementsOf(model.tailMap(5_000).keySet());
        assertThat(tree.size()).isEqualTo(model.size());
        assertBalanced(tree);
    }

    @Test
    void anEditChangesNoTreeThatIsDone() {
        for (long seed = 1; seed <= 20; seed++) {
            Random random = new Random(seed);
            Tree<Integer, Integer> tree = Tree.sorted(Comparator.<Integer>naturalOrder(), List.of());
            TreeMap<Integer, Integer> model = new TreeMap<>();
            List<Tree<Integer, Integer>> trees = new ArrayList<>();
            List<TreeMap<Integer, Integer>> models = new ArrayList<>();
            Tree.Edit<Integer, Integer> edit = tree.edit();
            for (int round = 0; round < 60; round++) {
                for (int i = random.nextInt(100); i >= 0; i--) {
                    int key = random.nextInt(500);
                    if (random.nextInt(3) == 0) {
                        edit.remove(key);
                        model.remove(key);
                    } else {
                        edit.put(key, i);
                        model.put(key, i);
                    }
                    assertThat(edit.get(key)).isEqualTo(model.get(key));
                }
                assertThat(edit.size()).isEqualTo(model.size());
                tree = edit.done();
                trees.add(tree);
                models.add(new TreeMap<>(model));
                // one that is done may be gone on with, as well as another one begun
                edit = random.nextBoolean() ? edit : tree.edit();
            }
            for (int i = 0; i < trees.size(); i++) {
                assertThat(content(trees.get(i)))
                        .as("seed %d, round %d", seed, i)
                        .isEqualTo(models.get(i));
                assertBalanced(trees.get(i));
            }
        }
    }

    @Test
    void aTreeOfSortedEntriesIsPerfect() {
        for (int count = 0; count < 300; count++) {
            List<Tree.Pair<Integer, Integer>> entries = new ArrayList<>();
            TreeMap<Integer, Integer> model = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                entries.add(new Tree.Pair<>(i, -i));
                model.put(i, -i);
            }
            Tree<Integer, Integer> tree = Tree.sorted(Comparator.naturalOrder(), entries);
            assertThat(content(tree)).isEqualTo(model);
            assertThat(tree.size()).isEqualTo(count);
            assertThat(tree.height()).isEqualTo(32 - Integer.numberOfLeadingZeros(count));
        }
    }

    @Test
    void whatChangesNothingMakesNoNewTree() {
        Tree<Integer, Integer> tree = Tree.sorted(Comparator.<Integer>naturalOrder(), List.of(new Tree.Pair<>(1, 1)));
        Tree.Edit<Integer, Integer> edit = tree.edit();
        edit.remove(2);
        assertThat(edit.done()).isSameAs(tree);
    }

    private static Map<Integer, Integer> content(Tree<Integer, Integer> tree) {
        TreeMap<Integer, Integer> all = new TreeMap<>();
        tree.forEach((key, value) -> {
            all.put(key, value);
            return true;
        });
        return all;
    }

    private static void assertBalanced(Tree<Integer, Integer> tree) {
        // an AVL tree is at most 1.44 times as high as a perfect one
        assertThat(tree.height()).isLessThanOrEqualTo((int) (1.45 * Math.log(tree.size() + 2) / Math.log(2)));
    }
}
