package io.fairlead.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IpTest {
    private static BigInteger number(Ip ip) {
        return new BigInteger(1, ip.bytes());
    }

    @Test
    void textAndBytesLeadBackToTheAddress() {
        Seeds.forAll(5000, random -> {
            Ip ip = Seeds.ip(random);
            assertThat(Ip.parse(ip.toString())).isEqualTo(ip);
            assertThat(Ip.of(ip.bytes())).isEqualTo(ip);
            assertThat(Ip.parse(ip.toString().toUpperCase(java.util.Locale.ROOT)))
                    .isEqualTo(ip);
            assertThat(ip.toInetAddress().getAddress()).isEqualTo(ip.bytes());
            if (ip.isV4()) {
                assertThat(Ip.v4(ip.v4Bits())).isEqualTo(ip);
            }
        });
    }

    /** Every way to shorten one run of zero groups, of which RFC 5952 wants the longest, then the first. */
    private static String slowText(Ip ip) {
        byte[] b = ip.bytes();
        String[] groups = new String[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = Integer.toString((b[2 * i] & 0xff) << 8 | (b[2 * i + 1] & 0xff), 16);
        }
        for (int length = 8; length >= 2; length--) {
            for (int at = 0; at + length <= 8; at++) {
                boolean zeros = Arrays.stream(groups, at, at + length).allMatch("0"::equals);
                if (zeros) {
                    return String.join(":", Arrays.asList(groups).subList(0, at)) + "::"
                            + String.join(":", Arrays.asList(groups).subList(at + length, 8));
                }
            }
        }
        return String.join(":", groups);
    }

    @Test
    void v6TextIsTheCanonicalOne() {
        Seeds.forAll(5000, random -> {
            Ip ip = Seeds.v6(random);
            assertThat(ip).hasToString(slowText(ip));
        });
    }

    @ParameterizedTest
    @CsvSource({
        "2001:0DB8::0001, 2001:db8::1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "1:2:3:4:5:6:0:8, 1:2:3:4:5:6:0:8",
        "0:0:0:0:0:0:0:0, ::",
        "::, ::",
        "1::, 1::",
        "::1, ::1",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "::ffff:10.0.0.1, ::ffff:a00:1",
        "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
        "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
        "0.0.0.0, 0.0.0.0",
        "255.255.255.255, 255.255.255.255"
    })
    void knownTextsAreRead(String text, String canonical) {
        assertThat(Ip.parse(text)).hasToString(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ".",
                "...",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.",
                ".1.2.3",
                "1..2.3",
                "01.2.3.4",
                "1.2.3.00",
                "256.1.1.1",
                "1.2.3.256",
                "1.2.3.-4",
                "+1.2.3.4",
                " 1.2.3.4",
                "1.2.3.4 ",
                "1.2.3.4/8",
                "0x1.2.3.4",
                "1.2.3.４",
                "١.٢.٣.٤",
                "1.2.3.99999999999",
                "localhost",
                "10.0.0.1%eth0",
                "1.2.3.4\n",
                ":",
                "::1 ",
                ":::",
                "::::",
                "1::2::3",
                "1:::2",
                ":1::2",
                "1::2:",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8:",
                ":1:2:3:4:5:6:7:8",
                "::1:2:3:4:5:6:7:8",
                "1:2:3:4::5:6:7:8",
                "12345::",
                "g::",
                "fe80::1%eth0",
                "[::1]",
                "::1.2.3",
                "::1.2.3.4.5",
                "::01.2.3.4",
                "1.2.3.4::",
                "1:2.3.4.5::1",
                "1:2:3:4:5:6:7:1.2.3.4",
                "::１",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:1.2.3.4",
                "-1::",
                "+1::"
            })
    void whatIsNoAddressIsRefusedByName(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Ip.parse(text))
                .withMessageStartingWith("address: \"" + text + "\"")
                .withMessageContaining("expected:");
    }

    @Test
    void veryLongTextIsRefusedQuickly() {
        for (String piece : new String[] {"1", "1.", "1:", ":", "::", "0", "é"}) {
            String text = piece.repeat(1_000_000);
            assertThatIllegalArgumentException().isThrownBy(() -> Ip.parse(text));
        }
    }

    @Test
    void noTextOfAddressCharactersCrashesTheParser() {
        Seeds.forAll(20_000, random -> {
            String text = Seeds.text(random, "0123456789abcf::::....", 24);
            try {
                Ip ip = Ip.parse(text);
                assertThat(Ip.parse(ip.toString())).isEqualTo(ip);
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageContaining("expected:");
            }
        });
    }

    @Test
    void orderIsByFamilyThenNumber() {
        Seeds.forAll(5000, random -> {
            Ip a = Seeds.ip(random);
            Ip b = Seeds.ip(random);
            int expected = a.family() == b.family() ? number(a).compareTo(number(b)) : a.isV4() ? -1 : 1;
            assertThat(Integer.signum(a.compareTo(b))).isEqualTo(expected);
            assertThat(a.compareTo(b) == 0).isEqualTo(a.equals(b));
        });
    }

    @Test
    void plusIsAdditionOrRefused() {
        Seeds.forAll(5000, random -> {
            Ip ip = Seeds.ip(random);
            long offset = offset(random);
            BigInteger sum = number(ip).add(BigInteger.valueOf(offset));
            boolean fits = sum.signum() >= 0 && sum.bitLength() <= ip.family().bits();
            if (fits) {
                assertThat(number(ip.plus(offset))).isEqualTo(sum);
                assertThat(ip.plus(offset).family()).isEqualTo(ip.family());
            } else {
                assertThatThrownBy(() -> ip.plus(offset)).isInstanceOf(ArithmeticException.class);
            }
        });
    }

    private static long offset(Random random) {
        long[] edges = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 0xffffffffL, -0xffffffffL};
        return random.nextInt(3) == 0 ? edges[random.nextInt(edges.length)] : random.nextLong() >> random.nextInt(64);
    }

    @Test
    void unicastLeavesOutWhatTheKernelDoesNotRoute() {
        assertThat(Ip.parse("10.0.0.1").isUnicast()).isTrue();
        assertThat(Ip.parse("fd00::1").isUnicast()).isTrue();
        assertThat(Ip.parse("fe80::1").isUnicast()).isTrue();
        for (String no :
                new String[] {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"
                }) {
            assertThat(Ip.parse(no).isUnicast()).as(no).isFalse();
        }
    }

    @Test
    void badBytesAndNumbersAreRefused() {
        for (int length : new int[] {0, 3, 5, 15, 17}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Ip.of(new byte[length]))
                    .withMessage("address: " + length + " bytes (expected: 4 or 16)");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new Ip(Ip.Family.V4, 1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Ip(Ip.Family.V4, 0, 1L << 32));
    }
}
