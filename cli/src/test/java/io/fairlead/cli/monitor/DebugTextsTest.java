package io.fairlead.cli.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DebugTextsTest {
    private static String text(int number, int... arguments) {
        return DebugTexts.text(number, arguments);
    }

    private static int memory(int a, int b, int c, int d) {
        byte[] bytes = {(byte) a, (byte) b, (byte) c, (byte) d};
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getInt();
    }

    @Test
    void everyNumberHasATextAndOthersAreUnknown() {
        Set<String> texts = new HashSet<>();
        for (int number = 1; number <= 67; number++) {
            String text = text(number, 1, 2, 3);
            assertThat(text).as("%d", number).doesNotContain("{", "}", "Unknown");
            texts.add(text);
        }
        assertThat(texts).hasSizeGreaterThan(55);
        assertThat(text(0, 5, -1, 0)).isEqualTo("Unknown message type=0 arg1=5 arg2=4294967295");
        assertThat(text(68, 5, 6, 0)).isEqualTo("Unknown message type=68 arg1=5 arg2=6");
    }

    @Test
    void argumentsAreInTheFormTheTextHas() {
        assertThat(text(1, 10, 255, 0)).isEqualTo("No message, arg1=10 (0xa) arg2=255 (0xff)");
        assertThat(text(15, 3, 7, 0)).isEqualTo("CT verdict: Related, revnat=7");
        assertThat(text(15, 4, 0, 0)).isEqualTo("CT verdict: Reopened, revnat=0");
        assertThat(text(15, 9, 0, 0)).isEqualTo("CT verdict: 9, revnat=0");
        assertThat(text(45, memory(0, 80, 0, 0), 1, 0)).isEqualTo("Resolved L4 policy to: 80 / ingress");
        assertThat(text(49, 58 << 8 | 1, 0, 0)).isEqualTo("Conntrack lookup 2/2: nexthdr=58 flags=1");
        assertThat(text(50, 15001 << 16 | 3, 22099, memory(10, 96, 0, 1)))
                .isEqualTo("Conntrack create: proxy-port=15001 revnat=3 src-identity=22099 lb=10.96.0.1");
        assertThat(text(51, memory(0, 0, 0, 0x10), memory(0xab, 0xcd, 0, 0x11), 0))
                .isEqualTo("Conntrack lookup 1/2: src=[::0:10]:0 dst=[::abcd:11]:0");
        assertThat(text(58, memory(10, 244, 0, 25), -1, 0))
                .isEqualTo("Successfully mapped addr=10.244.0.25 to identity=4294967295");
        assertThat(text(59, memory(0, 1, 0, 2), 5, 0)).isEqualTo("Successfully mapped addr.p4=[::1:2] to identity=5");
    }

    @Test
    void everyReasonHasATextAndOthersAreNumbers() {
        for (int reason = 130; reason <= 206; reason++) {
            if (reason != 159) {
                assertThat(DropReasons.text(reason)).as("%d", reason).matches(".*[a-z].*");
            }
        }
        assertThat(DropReasons.text(133)).isEqualTo("Policy denied");
        assertThat(DropReasons.text(196)).isEqualTo("TTL exceeded");
        assertThat(DropReasons.text(255)).isEqualTo("255");
    }
}
