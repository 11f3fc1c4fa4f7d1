package io.fairlead.contract.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class PlainJsonTest {
    private static final String PIECES = "{}[]\",:0123456789.-+eE \\\n\tntfnulltruefalseaIP\u00e9\ud83d\ude00/";

    @Test
    void whatProgramsWriteIsReadAsTheGeneralParserReadsIt() throws JsonProcessingException {
        for (String text : List.of(
                "{}",
                "[]",
                " { } ",
                "{\"a\":1}",
                "{\"a\": [1, 2147483648 ,{\"b\":null}], \"c\":true,\"d\":false,\"e\":\"\"}",
                "{\"a\":\"\u00e9\ud83d\ude00\",\"\":0}",
                "7",
                "\"x\"",
                "null",
                "123456789012345678")) {
            assertThat(PlainJson.read(text)).as(text).isNotNull().isEqualTo(RecordText.general(text));
        }
    }

    @Test
    void everythingElseIsLeftToTheGeneralParser() {
        for (String text : List.of(
                "",
                " ",
                "{",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1",
                "{\"a\":1,",
                "{\"a\":1,}",
                "[1,]",
                "[1 2]",
                "{\"a\":1}x",
                "{\"a\":1,\"a\":2}",
                "{\"a\":01}",
                "{\"a\":1.5}",
                "{\"a\":1e3}",
                "{\"a\":-1}",
                "{\"a\":1234567890123456789}",
                "{\"a\":\"\\n\"}",
                "{\"a\":\n1}",
                "{\"a\":nulls}",
                "{\"a\":nul}",
                "{a:1}",
                "{'a':1}",
                "[".repeat(17) + "]".repeat(17),
                "\"" + "x".repeat(1 << 16) + "\"",
                "{\"" + "x".repeat(1 << 11) + "\":1}")) {
            assertThat(PlainJson.read(text)).as(text).isNull();
        }
    }

    @Test
    void noTextIsReadDifferently() {
        for (long seed = 1; seed <= 20; seed++) {
            Random random = new Random(seed);
            int plain = 0;
            for (int i = 0; i < 2_000; i++) {
                String text = i % 2 == 0 ? value(random, 0) : broken(random, value(random, 0));
                JsonNode read = PlainJson.read(text);
                if (read != null) {
                    plain++;
                    assertThat(read).as("seed %d: %s", seed, text).isEqualTo(general(text));
                }
            }
            assertThat(plain).as("seed %d", seed).isGreaterThan(500);
        }
    }

    private static Object general(String text) {
        try {
            return RecordText.general(text);
        } catch (JsonProcessingException e) {
            return e;
        }
    }

    private static String value(Random random, int depth) {
        return switch (random.nextInt(depth > 3 ? 5 : 8)) {
            case 0 -> "null";
            case 1 -> String.valueOf(random.nextBoolean());
            case 2 -> String.valueOf(random.nextInt(1 << random.nextInt(31)));
            case 3 -> String.valueOf(random.nextLong() >>> random.nextInt(64));
            case 4 -> name(random);
            case 5 -> "[" + value(random, depth + 1) + "," + value(random, depth + 1) + "]";
            default -> {
                StringBuilder object = new StringBuilder("{");
                for (int i = random.nextInt(4); i > 0; i--) {
                    object.append(name(random)).append(':').append(value(random, depth + 1));
                    object.append(i > 1 ? "," : "");
                }
                yield object.append('}').toString();
            }
        };
    }

    private static String name(Random random) {
        StringBuilder name = new StringBuilder("\"");
        for (int i = random.nextInt(4); i > 0; i--) {
            name.append((char) ('a' + random.nextInt(26)));
        }
        return name.append('"').toString();
    }

    private static String broken(Random random, String text) {
        int at = random.nextInt(text.length() + 1);
        String piece = String.valueOf(PIECES.charAt(random.nextInt(PIECES.length())));
        int end = Math.min(text.length(), at + random.nextInt(3));
        return text.substring(0, at) + (random.nextInt(4) == 0 ? "" : piece) + text.substring(end);
    }
}
