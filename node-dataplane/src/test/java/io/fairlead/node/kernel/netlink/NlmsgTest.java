package io.fairlead.node.kernel.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.KernelException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Bytes: against what iproute2 6.1 sends (captured with strace), against a slow encoder, and against garbage. */
class NlmsgTest {
    private static final Route.Origin OURS = Route.Origin.FAIRLEAD;

    @Test
    void nextHopIsEncodedAsIproute2Does() {
        golden(
                NextHopObject.ours(0x464c0001, Ip.parse("10.9.0.7"), 3).add().encode(),
                "30000000680005060000000000000000 0200460004000000 0800010001004c46 080006000a090007 0800050003000000");
    }

    @Test
    void routesAreEncodedAsIproute2Does() {
        golden(
                Route.via(Cidr.parse("10.1.2.0/24"), 0x464c0001).of(OURS).add().encode(),
                "34000000180005060000000000000000 02180000fe46000100000000"
                        + "080001000a010200 0800060046000000 08001e0001004c46");
        golden(
                Route.unreachable(Cidr.parse("10.1.3.0/24")).of(OURS).add().encode(),
                "2c000000180005060000000000000000 02180000fe46000700000000 080001000a010300 0800060046000000");
        Route gateway = Route.device(
                Cidr.parse("10.1.4.0/24"), 3, Optional.of(Ip.parse("10.9.0.8")), Optional.of(Ip.parse("10.9.0.1")));
        golden(
                gateway.of(OURS).add().encode(),
                "44000000180005060000000000000000 02180000fe46000104000000 080001000a010400"
                        + "080005000a090008 080007000a090001 0800060046000000 0800040003000000");
        golden(
                Route.device(Cidr.parse("2001:db8:1::/48"), 3, Optional.empty(), Optional.empty())
                        .of(OURS)
                        .add()
                        .encode(),
                "40000000180005060000000000000000 0a300000fe46000100000000"
                        + "1400010020010db8000100000000000000000000 0800060046000000 0800040003000000");
        golden(
                Route.unreachable(Cidr.parse("10.1.4.0/24")).of(OURS).delete().encode(),
                "2c000000190005000000000000000000 02180000fe46ff0000000000 080001000a010400 0800060046000000");
    }

    @Test
    void devicesAreEncodedAsIproute2Does() {
        golden(
                new Addr(3, Ip.parse("10.244.0.1"), 32, Addr.GLOBAL, 0).add().encode(),
                "28000000140005060000000000000000 0220000003000000 080002000af40001 080001000af40001");
        golden(
                new Link.Veth("p0", "p1", -1, 1400).add().encode(),
                "64000000100005060000000000000000 00000000000000000000000000000000"
                        + "0800040078050000 0700030070300000 34001200 0800010076657468 28000200 24000100"
                        + "00000000000000000000000000000000 0800040078050000 0700030070310000");
        golden(
                Link.set(3, Link.Change.none().up(true)).encode(),
                "20000000100005000000000000000000 00000000030000000100000001000000");
        golden(
                Neigh.permanent(3, Ip.parse("10.9.0.7"), Mac.parse("02:00:00:00:00:07"))
                        .replace()
                        .encode(),
                "300000001c0005050000000000000000 020000000300000080000000 080001000a090007 0a000200020000000007 0000");
        golden(
                new Rule(Ip.Family.V4, 9, 0x200, 0xf00, 2004, 70).add().encode(),
                "44000000200005060000000000000000 020000000000000100000000 0800060009000000 08000a0000020000"
                        + "08001000000f0000 08000f00d4070000 0500150046000000");
    }

    @Test
    void randomRoutesEqualTheSlowEncoderAndReadBack() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            Route route = randomRoute(random);
            byte[] bytes = encoded(w -> route.encode(w, 0x600));
            assertThat(bytes).as("seed %d, %s", seed, route).isEqualTo(SlowEncoder.route(route));
            assertThat(decoded(bytes, Route::decode)).as("seed %d", seed).isEqualTo(route);
        }
    }

    @Test
    void randomNextHopsNeighboursAddressesAndRulesReadBack() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            Ip ip = randomIp(random, random.nextBoolean());
            NextHopObject hop = NextHopObject.ours(random.nextInt(), ip, 1 + random.nextInt(1000));
            assertThat(decoded(encoded(hop.add().encode()), NextHopObject::decode))
                    .as("seed %d", seed)
                    .isEqualTo(hop);
            Neigh neigh = random.nextBoolean()
                    ? Neigh.managed(4, ip)
                    : Neigh.permanent(4, ip, new Mac(random.nextLong() >>> 16));
            assertThat(decoded(encoded(neigh.replace().encode()), Neigh::decode))
                    .as("seed %d", seed)
                    .isEqualTo(neigh);
            Addr addr = Addr.host(random.nextInt(1000), ip);
            assertThat(decoded(encoded(addr.add().encode()), Addr::decode))
                    .as("seed %d", seed)
                    .isEqualTo(addr);
            Rule rule = new Rule(ip.family(), random.nextInt(), random.nextInt(), 0xf00, 1 + random.nextInt(5000), 70);
            assertThat(decoded(encoded(rule.add().encode()), Rule::decode))
                    .as("seed %d", seed)
                    .isEqualTo(rule);
        }
    }

    @Test
    void lengthsThatDoNotFitAreNamed() {
        byte[] route = SlowEncoder.route(Route.via(Cidr.parse("10.1.2.0/24"), 7).of(OURS));
        byte[] shortMessage = route.clone();
        shortMessage[0] = 15;
        assertThatThrownBy(() -> decoded(shortMessage, Route::decode))
                .isInstanceOf(KernelException.class)
                .hasMessage("netlink message length: 15 (expected: 16 to 52)");
        byte[] zeroAttribute = route.clone();
        zeroAttribute[28] = 0;
        assertThatThrownBy(() -> decoded(zeroAttribute, Route::decode))
                .hasMessage("netlink attribute 1 length: 0 (expected: 4 to 24)");
        byte[] wrongSize = route.clone();
        wrongSize[28] = 7;
        assertThatThrownBy(() -> decoded(wrongSize, Route::decode))
                .hasMessage("netlink attribute 1: 3 bytes (expected: 16)");
    }

    @Test
    void garbageGivesAnErrorOrAValueButNeverCrashesOrLoops() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<Function<Nlmsg, ?>> decoders =
                List.of(Route::decode, Link::decode, Addr::decode, NextHopObject::decode, Neigh::decode, Rule::decode);
        int errors = 0;
        for (int i = 0; i < 30_000; i++) {
            byte[] bytes = SlowEncoder.route(randomRoute(random));
            for (int flips = random.nextInt(6); flips >= 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            byte[] cut = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            Function<Nlmsg, ?> decoder = decoders.get(random.nextInt(decoders.size()));
            try {
                decoded(cut, decoder::apply);
            } catch (KernelException e) {
                assertThat(e).as("seed %d", seed).hasMessageContaining("expected");
                errors++;
            }
        }
        assertThat(errors).isGreaterThan(1_000);
    }

    private static void golden(Consumer<NlmsgWriter> encode, String hex) {
        String wanted = hex.replace(" ", "");
        ByteBuffer buffer = ByteBuffer.allocate(512);
        NlmsgWriter writer = new NlmsgWriter(buffer);
        encode.accept(writer);
        writer.end(0);
        writer.flag(Rtm.NLM_F_ACK);
        String mine = HexFormat.of().formatHex(buffer.array(), 0, buffer.position());
        assertThat(mine).isEqualTo(wanted);
    }

    private static byte[] encoded(Consumer<NlmsgWriter> encode) {
        ByteBuffer buffer = ByteBuffer.allocate(512);
        NlmsgWriter writer = new NlmsgWriter(buffer);
        encode.accept(writer);
        writer.end(0);
        return java.util.Arrays.copyOf(buffer.array(), buffer.position());
    }

    private static <T> T decoded(byte[] bytes, Function<Nlmsg, T> decode) {
        Nlmsg message = new Nlmsg(ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()));
        T last = null;
        int messages = 0;
        while (message.next()) {
            assertThat(++messages).isLessThanOrEqualTo(bytes.length / Nlmsg.HEADER);
            last = decode.apply(message);
        }
        return last;
    }

    private static Route randomRoute(Random random) {
        boolean v4 = random.nextBoolean();
        Cidr to = Cidr.containing(randomIp(random, v4), 1 + random.nextInt(v4 ? 32 : 128));
        return switch (random.nextInt(3)) {
            case 0 -> Route.unreachable(to).of(OURS);
            case 1 -> Route.via(to, 1 + random.nextInt(1 << 30)).of(OURS);
            default ->
                Route.device(
                                to,
                                1 + random.nextInt(5000),
                                random.nextBoolean() ? Optional.of(randomIp(random, v4)) : Optional.empty(),
                                random.nextBoolean() ? Optional.of(randomIp(random, v4)) : Optional.empty())
                        .of(OURS);
        };
    }

    private static Ip randomIp(Random random, boolean v4) {
        return v4 ? Ip.v4(random.nextInt()) : Ip.v6(random.nextLong(), random.nextLong());
    }

    /** Attribute by attribute, little by little: easy to believe. */
    private static final class SlowEncoder {
        static byte[] route(Route route) {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            body.writeBytes(new byte[] {
                (byte) (route.destination().address().isV4() ? 2 : 10),
                (byte) route.destination().prefixLength(),
                0,
                0,
                (byte) route.table(),
                (byte) route.origin().protocol(),
                (byte) route.scope(),
                (byte) route.type()
            });
            body.writeBytes(number(route.flags()));
            attribute(body, 1, route.destination().address().bytes());
            route.gateway().ifPresent(ip -> attribute(body, 5, ip.bytes()));
            route.source().ifPresent(ip -> attribute(body, 7, ip.bytes()));
            attribute(body, 6, number(route.origin().metric()));
            if (route.nextHopId() != 0) {
                attribute(body, 30, number(route.nextHopId()));
            }
            if (route.ifindex() != 0) {
                attribute(body, 4, number(route.ifindex()));
            }
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            message.writeBytes(number(16 + body.size()));
            message.writeBytes(new byte[] {24, 0, 1, 6});
            message.writeBytes(number(0));
            message.writeBytes(number(0));
            message.writeBytes(body.toByteArray());
            return message.toByteArray();
        }

        private static void attribute(ByteArrayOutputStream out, int type, byte[] value) {
            out.writeBytes(new byte[] {(byte) (4 + value.length), 0, (byte) type, 0});
            out.writeBytes(value);
        }

        private static byte[] number(int number) {
            return ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(number)
                    .array();
        }
    }
}
