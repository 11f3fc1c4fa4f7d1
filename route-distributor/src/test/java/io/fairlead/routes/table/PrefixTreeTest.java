package io.fairlead.routes.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class PrefixTreeTest {
    @Test
    void theTreeSaysWhatASortedMapSays() {
        for (long seed = 1; seed <= 60; seed++) {
            Random random = new Random(seed);
            PrefixTree<Integer> tree = new PrefixTree<>();
            TreeMap<Cidr, Integer> model = new TreeMap<>();
            for (int i = 0; i < 400; i++) {
                Cidr cidr = cidr(random);
                if (random.nextInt(3) == 0) {
                    tree.remove(cidr);
                    model.remove(cidr);
                } else {
                    tree.put(cidr, i);
                    model.put(cidr, i);
                }
                ask(seed, tree, model, cidr);
                ask(seed, tree, model, cidr(random));
            }
            List<Cidr> all = new ArrayList<>();
            tree.forEach((cidr, value) -> all.add(cidr));
            assertThat(all).as("seed %d", seed).containsExactlyElementsOf(model.keySet());
            new ArrayList<>(model.keySet()).forEach(tree::remove);
            tree.forEach((cidr, value) -> assertThat(cidr).as("nothing is left").isNull());
        }
    }

    private static void ask(long seed, PrefixTree<Integer> tree, Map<Cidr, Integer> model, Cidr cidr) {
        String what = "seed " + seed + " " + cidr;
        assertThat(tree.get(cidr)).as(what).isEqualTo(model.get(cidr));
        List<Cidr> others = model.keySet().stream()
                .filter(known -> !known.equals(cidr) && known.overlaps(cidr))
                .toList();
        assertThat(tree.isLone(cidr)).as(what).isEqualTo(others.isEmpty());
        Cidr widest = model.keySet().stream()
                .filter(known -> known.contains(cidr))
                .min((a, b) -> Integer.compare(a.prefixLength(), b.prefixLength()))
                .orElse(cidr);
        assertThat(tree.widest(cidr)).as(what).isEqualTo(widest);
        assertThat(tree.within(cidr))
                .as(what)
                .isEqualTo(model.entrySet().stream()
                        .filter(entry -> cidr.contains(entry.getKey()))
                        .map(Map.Entry::getValue)
                        .toList());
    }

    /** Few of them near one another, of all lengths, the whole address space among them. */
    private static Cidr cidr(Random random) {
        if (random.nextBoolean()) {
            int bits = random.nextInt(4) << 30 | random.nextInt(4) << 16 | random.nextInt(4);
            return Cidr.containing(Ip.v4(bits), length(random, 32));
        }
        long high = (long) random.nextInt(4) << 62 | random.nextInt(2);
        long low = (long) random.nextInt(4) << 62 | random.nextInt(2);
        return Cidr.containing(Ip.v6(high, low), length(random, 128));
    }

    private static int length(Random random, int most) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(4);
            case 1 -> most - random.nextInt(3);
            case 2 -> most / 2 + random.nextInt(3) - 1;
            default -> random.nextInt(most + 1);
        };
    }
}
