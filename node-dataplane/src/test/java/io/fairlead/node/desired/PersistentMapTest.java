package io.fairlead.node.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PersistentMapTest {
    /** Keys of which many have the same hash. */
    private record Key(int number, int hash) {
        static Key of(int number) {
            return new Key(number, number % 7 == 0 ? 42 : number % 5 == 0 ? number << 27 : number);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    @Test
    void isWhatAHashMapIsWhateverIsDoneToIt() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int run = 0; run < 30; run++) {
            int range = 1 + random.nextInt(400);
            PersistentMap<Key, Integer> map = PersistentMap.empty();
            Map<Key, Integer> model = new HashMap<>();
            for (int step = 0; step < 60; step++) {
                PersistentMap<Key, Integer> before = map;
                Map<Key, Integer> modelBefore = Map.copyOf(model);
                Map<Key, Integer> added = new HashMap<>();
                List<Key> removed = new ArrayList<>();
                for (int i = random.nextInt(20); i > 0; i--) {
                    added.put(Key.of(random.nextInt(range)), random.nextInt(3));
                    removed.add(Key.of(random.nextInt(range)));
                }
                map = map.withAll(added).withoutAll(removed);
                model.putAll(added);
                model.keySet().removeAll(removed);
                String where = "seed " + seed + " run " + run + " step " + step;
                assertThat(map).as(where).hasSize(model.size()).isEqualTo(model);
                assertThat(new HashMap<>(map)).as(where).isEqualTo(model);
                assertThat(PersistentMap.copyOf(model)).as(where).isEqualTo(map);
                assertThat(before).as(where + ", the former").isEqualTo(modelBefore);
                assertThat(applied(before, map)).as(where).isEqualTo(model);
                assertThat(applied(model, before)).as(where).isEqualTo(modelBefore);
            }
        }
    }

    /** One map made into another by their differences, each key said once. */
    private static <K, V> Map<K, V> applied(Map<K, V> from, Map<K, V> to) {
        Map<K, V> result = new HashMap<>(from);
        List<K> said = new ArrayList<>();
        PersistentMap.differences(from, to, (key, before, after) -> {
            said.add(key);
            assertThat(before).isNotEqualTo(after).isEqualTo(from.get(key));
            assertThat(after).isEqualTo(to.get(key));
            if (after == null) {
                result.remove(key);
            } else {
                result.put(key, after);
            }
        });
        assertThat(said).doesNotHaveDuplicates();
        return result;
    }

    @Test
    void whatChangesNothingGivesTheVerySameMap() {
        PersistentMap<String, Integer> map = PersistentMap.copyOf(Map.of("a", 1, "b", 2));

        assertThat(map.withAll(Map.of("a", 1))).isSameAs(map);
        assertThat(map.withoutAll(List.of("c"))).isSameAs(map);
        assertThat(PersistentMap.copyOf(map)).isSameAs(map);
        assertThat(map.get("c")).isNull();
        assertThat(map.get(null)).isNull();
    }

    @Test
    void whatABuilderHasBuiltStaysAsItIs() {
        PersistentMap.Builder<Integer, Integer> builder = new PersistentMap.Builder<>();
        for (int i = 0; i < 1000; i++) {
            builder.put(i, i);
        }
        PersistentMap<Integer, Integer> first = builder.build();
        assertThat(builder.build()).isSameAs(first);
        for (int i = 0; i < 1000; i++) {
            builder.put(i, -i);
        }
        builder.remove(5);

        assertThat(first)
                .hasSize(1000)
                .allSatisfy((key, value) -> assertThat(value).isEqualTo(key));
        assertThat(builder.build()).hasSize(999).doesNotContainKey(5);
        assertThat(builder.get(7)).isEqualTo(-7);
    }

    @Test
    void oneChangeAmongManyIsFoundWithoutLookingAtTheRest() {
        PersistentMap.Builder<Cidr, Counted> builder = new PersistentMap.Builder<>();
        AtomicInteger compared = new AtomicInteger();
        for (int i = 0; i < 20_000; i++) {
            builder.put(Cidr.containing(Ip.v4(0x0a000000 + (i << 8)), 24), new Counted(i, compared));
        }
        PersistentMap<Cidr, Counted> before = builder.build();
        builder.put(Cidr.parse("10.1.0.0/24"), new Counted(-1, compared));
        PersistentMap<Cidr, Counted> after = builder.build();
        compared.set(0);
        List<Cidr> changed = new ArrayList<>();
        PersistentMap.differences(before, after, (key, was, is) -> changed.add(key));

        assertThat(changed).containsExactly(Cidr.parse("10.1.0.0/24"));
        assertThat(compared).hasValueLessThan(100);
    }

    private record Counted(int number, AtomicInteger compared) {
        @Override
        public boolean equals(Object other) {
            compared.incrementAndGet();
            return other instanceof Counted counted && counted.number == number;
        }

        @Override
        public int hashCode() {
            return number;
        }
    }
}
