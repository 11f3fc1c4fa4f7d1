package io.fairlead.node.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPoolTest {
    private static AddressPool pool(String... cidrs) {
        return new AddressPool(List.of(cidrs).stream().map(Cidr::parse).toList(), new Random(1));
    }

    @Test
    void statusCountsTheRouterAndShowsEachFamily() {
        AddressPool pool = pool("10.244.2.0/24", "fd00::/112");
        pool.allocate(Ip.Family.V4, "a");
        pool.allocate(Ip.Family.V4, "b");
        assertThat(pool.status())
                .isEqualTo("IPv4: 3/254 allocated from 10.244.2.0/24, IPv6: 1/65534 allocated from fd00::/112, ");
    }

    @ParameterizedTest
    @CsvSource({
        "10.244.2.0, provided IP is not in the valid range: 10.244.2.0 (expected: 10.244.2.0/24)",
        "10.244.2.255, provided IP is not in the valid range: 10.244.2.255 (expected: 10.244.2.0/24)",
        "10.244.3.4, provided IP is not in the valid range: 10.244.3.4 (expected: 10.244.2.0/24)",
        "fd00::4, provided IP is not in the valid range: fd00::4 (expected: 10.244.2.0/24)",
        "10.244.2.1, provided IP is already allocated: 10.244.2.1 (owned by router)"
    })
    void addressesThatAreNotFreeAreRefused(String ip, String message) {
        assertThatThrownBy(() -> pool("10.244.2.0/24").claim(Ip.parse(ip), "a")).hasMessage(message);
    }

    @Test
    void cidrsThatCannotServeAreRefused() {
        AddressPool pool = pool("10.244.2.0/24");
        assertThatThrownBy(() -> pool.add(Cidr.parse("10.244.3.0/31")))
                .hasMessage("pod CIDR: 10.244.3.0/31 (expected: room for a router and a pod, such as 10.244.2.0/24)");
        assertThatThrownBy(() -> pool.add(Cidr.parse("10.244.0.0/16")))
                .hasMessage("pod CIDR: 10.244.0.0/16 (expected: no overlap with 10.244.2.0/24)");
        assertThatThrownBy(() -> pool.allocate(Ip.Family.V6, "a")).hasMessage("required IPv6 PodCIDR not available");
    }

    @Test
    void aReleasedAddressRestsUntilTheRoundIsThrough() {
        AddressPool pool = pool("10.244.2.0/24");
        Ip first = pool.allocate(Ip.Family.V4, "a");
        pool.release(first, "a");
        for (int i = 0; i < 252; i++) {
            Ip next = pool.allocate(Ip.Family.V4, "b");
            assertThat(next).isNotEqualTo(first);
            pool.release(next, "b");
        }
        assertThat(pool.allocate(Ip.Family.V4, "c")).isEqualTo(first);
    }

    @Test
    void severalBlocksAreCountedTogetherAndTheFirstIsFilledFirst() {
        AddressPool pool = pool("10.244.2.0/29", "10.244.5.0/29");
        for (int i = 0; i < 5; i++) {
            assertThat(Cidr.parse("10.244.2.0/29").contains(pool.allocate(Ip.Family.V4, "a" + i)))
                    .isTrue();
        }
        assertThat(pool.allocate(Ip.Family.V4, "b").toString()).startsWith("10.244.5.");
        assertThat(pool.status()).isEqualTo("IPv4: 7/12 allocated from 10.244.2.0/29, 10.244.5.0/29, ");
    }

    @Test
    void aPodGetsAnAddressOfThePoolItAsksFor() {
        AddressPool pool = pool("10.244.2.0/24");
        pool.add(new PodBlock(Cidr.parse("10.99.0.0/29"), "blue"));
        Ip ip = pool.allocate(pool.supply(Ip.Family.V4, "blue"), "a", Duration.ZERO);
        assertThat(ip.toString()).startsWith("10.99.0.");
        assertThat(pool.allocate(pool.supply(Ip.Family.V4, ""), "b", Duration.ZERO)
                        .toString())
                .startsWith("10.244.2.");
        assertThatThrownBy(() -> pool.allocate(pool.supply(Ip.Family.V4, "red"), "c", Duration.ZERO))
                .hasMessage("required IPv4 PodCIDR not available in IP pool red");
        assertThat(pool.router(Ip.Family.V4)).contains(Ip.parse("10.244.2.1"));
    }

    @Test
    void aClosedBlockGivesNothingAndOneInUseIsNotClosed() {
        AddressPool pool = pool("10.244.2.0/29", "10.244.5.0/29");
        assertThat(pool.close(Cidr.parse("10.244.2.0/29")))
                .as("the router is in it")
                .isFalse();
        assertThat(pool.close(Cidr.parse("10.244.9.0/29"))).isFalse();
        assertThat(pool.close(Cidr.parse("10.244.5.0/29"))).isTrue();
        assertThatThrownBy(() -> pool.claim(Ip.parse("10.244.5.2"), "a"))
                .hasMessage("provided IP is not in the valid range: 10.244.5.2 (expected: 10.244.2.0/29)");
        for (int i = 0; i < 5; i++) {
            pool.allocate(Ip.Family.V4, "a");
        }
        assertThatThrownBy(() -> pool.allocate(Ip.Family.V4, "a")).hasMessage("range is full");
        assertThat(pool.exhausted()).contains("IPv4 range is full");
        pool.add(Cidr.parse("10.244.5.0/29"));
        assertThat(pool.allocate(Ip.Family.V4, "a").toString()).startsWith("10.244.5.");
    }

    @Test
    void restoredPodsAreListedSoAndTheHealthEndpointIsItself() {
        AddressPool pool = pool("10.244.2.0/24");
        assertThat(pool.restore(Ip.parse("10.244.2.7"), "default/web")).isTrue();
        assertThat(pool.restore(Ip.parse("10.244.2.7"), "default/other")).isFalse();
        assertThat(pool.restore(Ip.parse("10.244.2.8"), AddressPool.HEALTH)).isTrue();
        assertThat(pool.restore(Ip.parse("10.1.1.1"), "default/far"))
                .as("of no block any more")
                .isTrue();
        assertThat(pool.allocations())
                .containsEntry(Ip.parse("10.244.2.7"), "default/web [restored]")
                .containsEntry(Ip.parse("10.244.2.8"), "health")
                .containsEntry(Ip.parse("10.244.2.1"), "router");
        assertThat(pool.status()).isEqualTo("IPv4: 3/254 allocated from 10.244.2.0/24, ");
        pool.release(Ip.parse("10.244.2.7"), "default/web");
        assertThat(pool.allocations()).doesNotContainKey(Ip.parse("10.244.2.7"));
    }

    @Test
    void whoComesWhileABlockIsAskedForWaitsForItAndOneThatIsRefusedIsToldWhy() throws Exception {
        AddressPool pool = pool("10.244.2.0/30");
        pool.allocate(Ip.Family.V4, "a");
        AtomicInteger needs = new AtomicInteger();
        pool.onNeed(needs::incrementAndGet);
        AddressPool.Supply supply = pool.supply(Ip.Family.V4, "");
        CompletableFuture<Ip> waiting =
                CompletableFuture.supplyAsync(() -> pool.allocate(supply, "b", Duration.ofSeconds(30)));
        while (needs.get() == 0) {
            Thread.onSpinWait();
        }
        pool.add(Cidr.parse("10.244.5.0/30"));
        assertThat(waiting.get(10, TimeUnit.SECONDS).toString()).startsWith("10.244.5.");
        pool.allocate(Ip.Family.V4, "c");
        pool.refuse(supply, "allocator full");
        assertThatThrownBy(() -> pool.allocate(supply, "d", Duration.ofSeconds(30)))
                .hasMessage("range is full: allocator full");
    }

    @Test
    void aPoolThatWasGivenUpIsAskedForAgainWhenSomebodyComes() {
        AddressPool pool = pool("10.244.2.0/24");
        AddressPool.Supply red = pool.supply(Ip.Family.V4, "red");
        assertThatThrownBy(() -> pool.allocate(red, "a", Duration.ZERO)).isInstanceOf(EndpointException.class);
        assertThat(pool.wanted()).contains(red);
        pool.giveUp(red, "no such pool");
        assertThat(pool.wanted()).doesNotContain(red);
        assertThatThrownBy(() -> pool.allocate(red, "a", Duration.ZERO)).isInstanceOf(EndpointException.class);
        assertThat(pool.wanted()).contains(red);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Blue", "-a", "a-", "a b", "a/b", "ü"})
    void namesThatNoPoolHasAreRefused(String name) {
        assertThatThrownBy(() -> new PodBlock(Cidr.parse("10.0.0.0/24"), name))
                .hasMessageContaining("IP pool: \"" + name + "\" (expected: at most 63 small letters");
    }

    @Test
    void onlyTheOwnerCanRelease() {
        AddressPool pool = pool("10.244.2.0/24");
        Ip ip = pool.allocate(Ip.Family.V4, "a");
        pool.release(ip, "b");
        assertThat(pool.allocations()).containsEntry(ip, "a");
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {11, 12, 13, 14})
    void randomOperationsAgreeWithAPlainModel(long seed) {
        Random random = new Random(seed);
        AddressPool pool = new AddressPool(List.of(Cidr.parse("10.0.0.0/28"), Cidr.parse("10.0.1.0/29")), random);
        Map<Ip, String> model = new HashMap<>(Map.of(Ip.parse("10.0.0.1"), "router"));
        for (int i = 0; i < 5000; i++) {
            String owner = "o" + random.nextInt(3);
            Ip ip = Ip.parse("10.0." + random.nextInt(2) + "." + random.nextInt(16));
            switch (random.nextInt(3)) {
                case 0 -> allocate(pool, model, owner);
                case 1 -> claim(pool, model, ip, owner);
                default -> {
                    pool.release(ip, owner);
                    model.remove(ip, owner);
                }
            }
            assertThat(pool.allocations()).isEqualTo(model);
        }
    }

    private static boolean usable(Ip ip) {
        int last = ip.v4Bits() & 0xff;
        return (ip.v4Bits() >> 8 & 1) == 0 ? last > 0 && last < 15 : last > 0 && last < 7;
    }

    private static void allocate(AddressPool pool, Map<Ip, String> model, String owner) {
        if (model.size() == 14 + 6) {
            assertThatThrownBy(() -> pool.allocate(Ip.Family.V4, owner)).hasMessage("range is full");
        } else {
            Ip given = pool.allocate(Ip.Family.V4, owner);
            assertThat(usable(given)).isTrue();
            assertThat(model.put(given, owner)).isNull();
        }
    }

    private static void claim(AddressPool pool, Map<Ip, String> model, Ip ip, String owner) {
        if (usable(ip) && !model.containsKey(ip)) {
            pool.claim(ip, owner);
            model.put(ip, owner);
        } else {
            assertThatThrownBy(() -> pool.claim(ip, owner)).isInstanceOf(EndpointException.class);
        }
    }
}
