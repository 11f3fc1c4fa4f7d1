package io.fairlead.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CidrTest {
    private static BigInteger first(Cidr cidr) {
        return new BigInteger(1, cidr.address().bytes());
    }

    private static BigInteger last(Cidr cidr) {
        int free = cidr.family().bits() - cidr.prefixLength();
        return first(cidr).add(BigInteger.ONE.shiftLeft(free)).subtract(BigInteger.ONE);
    }

    @Test
    void textLeadsBackToThePrefix() {
        Seeds.forAll(5000, random -> {
            Cidr cidr = Seeds.cidr(random);
            assertThat(Cidr.parse(cidr.toString())).isEqualTo(cidr);
            assertThat(cidr.isHost()).isEqualTo(cidr.address().toCidr().equals(cidr));
        });
    }

    @Test
    void containmentAndOverlapAreThoseOfNumberRanges() {
        Seeds.forAll(10_000, random -> {
            Cidr a = Seeds.cidr(random);
            // related to a, or nothing would ever overlap
            Ip near = random.nextBoolean() ? a.last() : a.address();
            Cidr b = random.nextInt(3) == 0
                    ? Seeds.cidr(random)
                    : Cidr.containing(near, random.nextInt(near.family().bits() + 1));
            boolean family = a.family() == b.family();
            boolean aHasB = family && first(a).compareTo(first(b)) <= 0 && last(a).compareTo(last(b)) >= 0;
            boolean share = family && first(a).compareTo(last(b)) <= 0 && first(b).compareTo(last(a)) <= 0;
            assertThat(a.contains(b)).isEqualTo(aHasB);
            assertThat(a.overlaps(b)).isEqualTo(share).isEqualTo(b.overlaps(a));
            Ip ip = b.address();
            BigInteger number = new BigInteger(1, ip.bytes());
            assertThat(a.contains(ip))
                    .isEqualTo(family && first(a).compareTo(number) <= 0 && number.compareTo(last(a)) <= 0);
        });
    }

    @Test
    void lastIsTheLastAddress() {
        Seeds.forAll(5000, random -> {
            Cidr cidr = Seeds.cidr(random);
            assertThat(new BigInteger(1, cidr.last().bytes())).isEqualTo(last(cidr));
            assertThat(cidr.contains(cidr.last())).isTrue();
        });
    }

    @Test
    void orderIsByFirstAddressThenWiderFirst() {
        Seeds.forAll(5000, random -> {
            Cidr a = Seeds.cidr(random);
            Cidr b = random.nextBoolean() ? Seeds.cidr(random) : Cidr.containing(a.address(), a.prefixLength() / 2);
            int byAddress = a.address().compareTo(b.address());
            int expected = byAddress != 0 ? byAddress : a.prefixLength() - b.prefixLength();
            assertThat(Integer.signum(a.compareTo(b))).isEqualTo(Integer.signum(expected));
        });
    }

    @Test
    void bitsBehindThePrefixAreRefused() {
        Seeds.forAll(2000, random -> {
            Ip ip = Seeds.ip(random);
            int length = random.nextInt(ip.family().bits() + 1);
            Cidr canonical = Cidr.containing(ip, length);
            if (canonical.address().equals(ip)) {
                assertThat(new Cidr(ip, length)).isEqualTo(canonical);
            } else {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> new Cidr(ip, length))
                        .withMessageContaining(canonical.toString());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/8",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/+8",
                "10.0.0.0/08",
                "10.0.0.0/8/8",
                "10.0.0.0/ 8",
                "10.0.0.0 /8",
                "10.0.0.0/８",
                "10.0.0.0/8 ",
                "10.0.0.0/8\n",
                "10.0.0.1/8",
                "fd00::/129",
                "fd00::1/64",
                "10.0.0.0/255.0.0.0",
                "10.0.0.0/9999999999",
                "0.0.0.0/1000"
            })
    void whatIsNoPrefixIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.parse(text)).withMessageContaining("expected:");
    }

    @Test
    void everythingAndOneAddressArePrefixes() {
        assertThat(Cidr.parse("0.0.0.0/0").last()).hasToString("255.255.255.255");
        assertThat(Cidr.parse("::/0").last()).hasToString("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        assertThat(Cidr.parse("10.0.0.1")).hasToString("10.0.0.1/32");
        assertThat(Cidr.parse("0.0.0.0/0").contains(Ip.parse("::"))).isFalse();
    }
}
