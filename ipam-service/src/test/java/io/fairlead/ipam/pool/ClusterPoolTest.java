package io.fairlead.ipam.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterPoolTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | 24 | cluster-pool-ipv4-cidr must be provided when using ClusterPool",
                "10.244.0.0/16 | 8 | cluster-pool-ipv4-mask-size: 8 (expected: at least 16",
                "10.244.0.0/16 | 31 | cluster-pool-ipv4-mask-size: 31 (expected: 1 to 30",
                "10.244.0.0/16 | 0 | cluster-pool-ipv4-mask-size: 0 (expected: 1 to 30",
                "10.0.0.0/4 | 24 | cluster-pool-ipv4-cidr: CIDR: 10.0.0.0/4 (expected: 0.0.0.0/4",
                "10.244.0.0/16,10.244.128.0/17 | 24 | requested CIDR 10.244.128.0/17 colides with 10.244.0.0/16",
                "10.244.0.0/16,10.0.0.0/8 | 24 | requested CIDR 10.0.0.0/8 colides with 10.244.0.0/16",
                "10.244.0.0/33 | 24 | cluster-pool-ipv4-cidr: prefix length: 33",
                "10.244.0.0/16x | 24 | cluster-pool-ipv4-cidr: CIDR: \"10.244.0.0/16x\"",
                "pool | 24 | cluster-pool-ipv4-cidr: address: \"pool\"",
                "fd00::/104 | 24 | cluster-pool-ipv4-cidr: fd00::/104 (expected: an IPv4 CIDR)",
                "224.0.0.0/8 | 24 | cluster-pool-ipv4-cidr: 224.0.0.0/8 (expected: unicast addresses)",
                "127.1.0.0/16 | 24 | cluster-pool-ipv4-cidr: 127.1.0.0/16 (expected: unicast addresses)",
            })
    void badPoolsAreRefusedNamingValueAndExpectation(String cidrs, int maskSize, String message) {
        List<String> list = cidrs.isEmpty() ? List.of() : List.of(cidrs.split(","));
        assertThatThrownBy(() -> ClusterPool.parse(Ip.Family.V4, list, maskSize))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void blocksAreGivenInOrderAndTheNextPoolCidrFollowsTheFirst() {
        BlockTable table = new BlockTable(ClusterPool.parse(Ip.Family.V4, List.of("10.244.0.0/23", "10.8.0.0/24"), 24));
        List<String> given = new ArrayList<>();
        for (var free = table.nextFree(); free.isPresent(); free = table.nextFree()) {
            given.add(free.get().toString());
            table.take(free.get());
        }
        assertThat(given).containsExactly("10.244.0.0/24", "10.244.1.0/24", "10.8.0.0/24");
        assertThat(table.takenBlocks()).isEqualTo(3);
    }

    @Test
    void takenCidrsOfOtherSizesKeepEveryBlockTheyTouch() {
        BlockTable table = new BlockTable(ClusterPool.parse(Ip.Family.V4, List.of("10.244.0.0/22"), 24));
        table.take(Cidr.parse("10.244.0.0/23"));
        table.take(Cidr.parse("10.244.2.128/25"));
        assertThat(table.nextFree()).contains(Cidr.parse("10.244.3.0/24"));
        table.take(Cidr.parse("10.0.0.0/8"));
        assertThat(table.nextFree()).isEmpty();
        table.release(Cidr.parse("10.0.0.0/8"));
        table.release(Cidr.parse("10.244.2.128/25"));
        assertThat(table.nextFree()).contains(Cidr.parse("10.244.2.0/24"));
    }

    @Test
    void aBlockTakenTwiceIsFreeOnlyWhenReleasedTwice() {
        BlockTable table = new BlockTable(ClusterPool.parse(Ip.Family.V4, List.of("10.244.0.0/24"), 24));
        Cidr block = Cidr.parse("10.244.0.0/24");
        table.take(block);
        table.take(block);
        table.release(block);
        assertThat(table.isTaken(block)).isTrue();
        table.release(block);
        assertThat(table.isTaken(block)).isFalse();
    }

    @Test
    void onlyAlignedPrefixesOfTheMaskSizeInsideThePoolAreBlocks() {
        ClusterPool pool = ClusterPool.parse(Ip.Family.V4, List.of("10.244.0.0/16"), 24);
        assertThat(pool.isBlock(Cidr.parse("10.244.255.0/24"))).isTrue();
        assertThat(pool.isBlock(Cidr.parse("10.244.0.0/23"))).isFalse();
        assertThat(pool.isBlock(Cidr.parse("10.245.0.0/24"))).isFalse();
        assertThat(pool.isBlock(Cidr.parse("fd00::/24"))).isFalse();
        assertThat(pool.size()).isEqualTo(256);
    }

    @Test
    void hugePoolsOfIpv6CostNoMoreThanWhatIsTakenOfThem() {
        BlockTable table = new BlockTable(ClusterPool.parse(Ip.Family.V6, List.of("fd00:10:244::/48"), 120));
        List<String> first = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Cidr free = table.nextFree().orElseThrow();
            first.add(free.toString());
            table.take(free);
        }
        assertThat(first).containsExactly("fd00:10:244::/120", "fd00:10:244::100/120", "fd00:10:244::200/120");
        assertThat(table.pool().size()).isEqualTo(1L << 62);
        table.take(Cidr.parse("fd00:10:244::/49"));
        assertThat(table.nextFree()).contains(Cidr.parse("fd00:10:244:8000::/120"));
        table.take(Cidr.parse("fd00::/16"));
        assertThat(table.nextFree()).isEmpty();
        table.release(Cidr.parse("fd00::/16"));
        table.release(Cidr.parse("fd00:10:244::/49"));
        assertThat(table.nextFree(1)).contains(Cidr.parse("fd00:10:244::400/120"));
        assertThat(table.takenBlocks()).isEqualTo(3);
    }

    @Test
    void cidrsAppendedLaterKnowWhatWasTakenOfThemBefore() {
        BlockTable table = new BlockTable(ClusterPool.parse(Ip.Family.V4, List.of("10.0.0.0/24"), 24));
        List<Cidr> held = List.of(Cidr.parse("10.0.0.0/24"), Cidr.parse("10.1.0.0/24"), Cidr.parse("10.1.0.0/25"));
        held.forEach(table::take);
        ClusterPool longer = ClusterPool.parse(Ip.Family.V4, List.of("10.0.0.0/24", "10.1.0.0/23"), 24);
        table.extend(longer, cidr -> held.stream().filter(cidr::overlaps).toList());
        assertThat(table.nextFree()).contains(Cidr.parse("10.1.1.0/24"));
        held.forEach(table::release);
        assertThat(table.takenBlocks()).isZero();
    }

    @Test
    void poolsAreReadAsTheyWereWrittenAndBrokenOnesRefused() {
        Pool pool = new Pool("blue", java.util.Map.of())
                .with(ClusterPool.parse(Ip.Family.V6, List.of("fd00::/64"), 120))
                .with(ClusterPool.parse(Ip.Family.V4, List.of("10.1.0.0/16", "10.3.0.0/16"), 26));
        assertThat(Pool.decode("blue", pool.encode())).isEqualTo(pool);
        assertThat(pool).hasToString("blue: 10.1.0.0/16,10.3.0.0/16 in blocks of /26 and fd00::/64 in blocks of /120");
        for (String broken : List.of(
                "",
                "[]",
                "{\"families\":7}",
                "{\"families\":[{}]}",
                "{\"families\":[{\"cidrs\":[],\"maskSize\":24}]}",
                "{\"families\":[{\"cidrs\":[\"x\"],\"maskSize\":24}]}",
                "{\"families\":[{\"cidrs\":[\"10.0.0.0/8\"]}]}",
                "{\"families\":[{\"cidrs\":[\"10.0.0.0/8\",\"fd00::/64\"],\"maskSize\":24}]}")) {
            assertThatThrownBy(() -> Pool.decode("blue", broken)).isInstanceOf(IllegalArgumentException.class);
        }
        for (String name : List.of("", "Blue", "-a", "a/b", "a".repeat(64))) {
            assertThatThrownBy(() -> new Pool(name, java.util.Map.of())).hasMessageStartingWith("pool: \"" + name);
        }
    }

    @Test
    void whereACidrIsIsFoundAmongAllPools() {
        Pools pools = new Pools(java.util.Map.of(
                "a",
                        new Pool("a", java.util.Map.of())
                                .with(ClusterPool.parse(Ip.Family.V4, List.of("10.2.0.0/16"), 24)),
                "b",
                        new Pool("b", java.util.Map.of())
                                .with(ClusterPool.parse(Ip.Family.V4, List.of("10.1.0.0/16"), 26))));
        assertThat(pools.containing(Ip.parse("10.1.3.4")))
                .map(Pools.Place::pool)
                .contains("b");
        assertThat(pools.overlapping(Cidr.parse("10.2.0.0/15")))
                .map(Pools.Place::pool)
                .contains("a");
        assertThat(pools.overlapping(Cidr.parse("10.0.0.0/8"))).isPresent();
        assertThat(pools.overlapping(Cidr.parse("10.3.0.0/16"))).isEmpty();
        assertThat(pools.containing(Ip.parse("fd00::1"))).isEmpty();
    }

    @Test
    void theTableAgreesWithComparingEveryBlockWithEverythingTaken() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            int prefix = 18 + random.nextInt(5);
            int mask = prefix + random.nextInt(7);
            ClusterPool pool = new ClusterPool(
                    List.of(
                            Cidr.containing(Ip.parse("10.244.0.0"), prefix),
                            Cidr.containing(Ip.parse("172.20.0.0"), prefix)),
                    mask);
            BlockTable table = new BlockTable(pool);
            List<Cidr> taken = new ArrayList<>();
            for (int step = 0; step < 60; step++) {
                if (!taken.isEmpty() && random.nextInt(3) == 0) {
                    table.release(taken.remove(random.nextInt(taken.size())));
                } else {
                    Ip ip = random.nextBoolean() ? Ip.parse("10.244.0.0") : Ip.parse("172.20.0.0");
                    Cidr cidr = Cidr.containing(ip.plus(random.nextInt(1 << 15)), 17 + random.nextInt(16));
                    taken.add(cidr);
                    table.take(cidr);
                }
                checkAgainstModel(seed, pool, table, taken, random.nextInt(5000));
            }
        }
    }

    private static void checkAgainstModel(long seed, ClusterPool pool, BlockTable table, List<Cidr> taken, int start) {
        Set<Cidr> free = new HashSet<>();
        for (Cidr part : pool.cidrs()) {
            for (long at = part.address().low(); at <= part.last().low(); at += 1L << (32 - pool.maskSize())) {
                Cidr block = new Cidr(Ip.v4((int) at), pool.maskSize());
                if (taken.stream().noneMatch(t -> t.overlaps(block))) {
                    free.add(block);
                }
            }
        }
        assertThat(pool.size() - table.takenBlocks()).as("seed %d", seed).isEqualTo(free.size());
        if (free.isEmpty()) {
            assertThat(table.nextFree(start)).as("seed %d", seed).isEmpty();
        } else {
            assertThat(free).as("seed %d", seed).contains(table.nextFree(start).orElseThrow());
        }
    }
}
