package io.fairlead.node.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip.Family;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EchoPacketTest {
    private static final long TOKEN = 0x0123456789abcdefL;

    private static ByteBuffer reply(Family family, int identifier) {
        ByteBuffer message = ByteBuffer.allocate(EchoPacket.LENGTH);
        EchoPacket.request(family, identifier, TOKEN, message);
        message.put(0, (byte) (family == Family.V4 ? 0 : 129));
        if (family == Family.V6) {
            return message;
        }
        ByteBuffer packet = ByteBuffer.allocate(20 + EchoPacket.LENGTH);
        packet.put(0, (byte) 0x45).position(20);
        packet.put(message).flip();
        return packet;
    }

    @Test
    void requestOfIpv4HasAChecksumThatSumsUp() {
        Random random = new Random(3);
        for (int i = 0; i < 1000; i++) {
            ByteBuffer message = ByteBuffer.allocate(EchoPacket.LENGTH);
            EchoPacket.request(Family.V4, random.nextInt(1 << 16), random.nextLong(), message);
            int sum = 0;
            for (int at = 0; at < EchoPacket.LENGTH; at += 2) {
                sum += message.getShort(at) & 0xffff;
            }
            sum = (sum & 0xffff) + (sum >>> 16);
            assertThat((sum & 0xffff) + (sum >>> 16)).isEqualTo(0xffff);
        }
    }

    @Test
    void anAnswerToOursIsKnownByItsNumber() {
        for (Family family : Family.values()) {
            assertThat(EchoPacket.reply(family, 7, reply(family, 7))).contains(TOKEN);
            assertThat(EchoPacket.reply(family, 8, reply(family, 7))).isEmpty();
        }
    }

    @Test
    void truncatedAndForeignPacketsAreNone() {
        for (Family family : Family.values()) {
            ByteBuffer whole = reply(family, 7);
            for (int length = 0; length < whole.limit(); length++) {
                assertThat(EchoPacket.reply(family, 7, whole.duplicate().limit(length)))
                        .isEmpty();
            }
        }
        ByteBuffer longHeader = reply(Family.V4, 7);
        longHeader.put(0, (byte) 0x4f);
        assertThat(EchoPacket.reply(Family.V4, 7, longHeader)).isEmpty();
        Random random = new Random(9);
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            Family family = i % 2 == 0 ? Family.V4 : Family.V6;
            // no exception, whatever comes
            assertThat(EchoPacket.reply(family, random.nextInt(1 << 16), ByteBuffer.wrap(bytes)))
                    .isNotNull();
        }
    }
}
