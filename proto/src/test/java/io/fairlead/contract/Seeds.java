package io.fairlead.contract;

import java.util.Random;
import java.util.function.Consumer;

/** Runs a property on many random inputs; a failure names the seed that made its input. */
final class Seeds {
    private Seeds() {}

    static void forAll(int runs, Consumer<Random> property) {
        long base = new Random().nextLong();
        for (int run = 0; run < runs; run++) {
            long seed = base + run;
            try {
                property.accept(new Random(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    /** Addresses with many zero and one bits, where mistakes live. */
    static Ip ip(Random random) {
        return random.nextBoolean() ? v4(random) : v6(random);
    }

    static Ip v4(Random random) {
        return Ip.v4((int) word(random));
    }

    static Ip v6(Random random) {
        return Ip.v6(word(random), word(random));
    }

    private static long word(Random random) {
        long word = 0;
        for (int i = 0; i < 4; i++) {
            int group = switch (random.nextInt(5)) {
                case 0, 1 -> 0;
                case 2 -> 0xffff;
                case 3 -> random.nextInt(16);
                default -> random.nextInt(0x10000);
            };
            word = word << 16 | group;
        }
        return word;
    }

    static Cidr cidr(Random random) {
        Ip ip = ip(random);
        return Cidr.containing(ip, random.nextInt(ip.family().bits() + 1));
    }

    static String text(Random random, String alphabet, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            text.appendCodePoint(alphabet.codePointAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }
}
