package io.fairlead.node.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PacketTest {
    private static final Ip A = Ip.parse("10.244.1.10");
    private static final Ip B = Ip.parse("10.244.3.12");
    private static final Ip A6 = Ip.parse("fd00:1::a");
    private static final Ip B6 = Ip.parse("fd00:3::c");

    @Test
    void whatIsMadeIsReadAgainAndNothingElseIs() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            boolean ipv4 = random.nextBoolean();
            Protocol protocol = List.of(Protocol.values()).get(random.nextInt(5));
            protocol = protocol.hasPorts() ? protocol : ipv4 ? Protocol.ICMP : Protocol.ICMPV6;
            Packet packet = new Packet(
                    ipv4 ? A : A6,
                    ipv4 ? B : B6,
                    protocol,
                    random.nextInt(65536),
                    protocol.hasPorts() ? random.nextInt(65536) : 0,
                    random.nextInt(256));
            byte[] bytes = packet.bytes();
            assertThat(Packet.parse(bytes)).as("seed " + seed).isEqualTo(packet);
            int at = random.nextInt(bytes.length);
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            assertThat(parsed(bytes)).as("seed " + seed + ", bit of byte " + at).isNotEqualTo(packet);
            assertThatThrownBy(() -> Packet.parse(Arrays.copyOf(bytes, random.nextInt(bytes.length))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** A changed bit is refused, but where it makes another packet as good: a hop, never an address or port. */
    private static Object parsed(byte[] bytes) {
        try {
            return Packet.parse(bytes);
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void noBytesCrashTheReader() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 5000; i++) {
            byte[] bytes = new byte[random.nextInt(120)];
            random.nextBytes(bytes);
            if (bytes.length > 0 && random.nextBoolean()) {
                bytes[0] = (byte) (random.nextBoolean() ? 0x45 : 0x60);
            }
            assertThat(parsed(bytes).toString()).as("seed " + seed).startsWith("p");
        }
    }

    @Test
    void checksumsAreThoseOfTheStandards() {
        assertThat(HexFormat.of().formatHex(new Packet(A, B, Protocol.ICMP, 7, 0, 64).bytes()))
                .isEqualTo("4500001c000040004001" + ipChecksum() + "0af4010a0af4030c" + "0800f7f700070001");
    }

    /** RFC 1071 over the header, written the long way. */
    private static String ipChecksum() {
        int[] words = {0x4500, 0x001c, 0x0000, 0x4000, 0x4001, 0x0af4, 0x010a, 0x0af4, 0x030c};
        int sum = 0;
        for (int word : words) {
            sum += word;
        }
        sum = (sum & 0xffff) + (sum >> 16);
        return HexFormat.of().toHexDigits((short) ~sum);
    }

    @Test
    void whatCannotBeIsRefusedWithWhatIsExpected() {
        assertThatThrownBy(() -> new Packet(A, B6, Protocol.TCP, 1, 1, 64))
                .hasMessage("addresses: 10.244.1.10 and fd00:3::c (expected: of one family)");
        assertThatThrownBy(() -> new Packet(A, B, Protocol.ICMPV6, 1, 0, 64)).hasMessageContaining("protocol: ICMPV6");
        assertThatThrownBy(() -> new Packet(A, B, Protocol.TCP, 65536, 1, 64))
                .hasMessage("source port: 65536 (expected: 0 to 65535)");
        assertThatThrownBy(() -> new Packet(A, B, Protocol.TCP, 1, 1, 256)).hasMessage("TTL: 256 (expected: 0 to 255)");
    }
}
