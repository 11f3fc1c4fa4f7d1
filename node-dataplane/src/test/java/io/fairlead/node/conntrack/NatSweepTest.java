package io.fairlead.node.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.NatEntry;
import io.fairlead.node.kernel.NatKey;
import io.fairlead.node.kernel.NatKey.Direction;
import io.fairlead.node.kernel.Sweep;
import io.fairlead.node.kernel.bpf.DatapathConfig.Lifetimes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NatSweepTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long NOW = 100_000 * SECOND;
    private static final Ip POD = Ip.parse("10.244.0.25");
    private static final Ip NODE = Ip.parse("192.168.2.31");
    private static final Ip WORLD = Ip.parse("1.1.1.1");
    private static final NatKey OUT = new NatKey(POD, WORLD, 41000, 443, 6, Direction.OUT);
    private static final CtKey CONNECTION = FakeFlows.key(POD, 41000, WORLD, 443, 6);

    private final FakeFlows flows = new FakeFlows();

    private Sweep sweep() {
        return new NatSweep(flows.tables, Lifetimes.DEFAULT, NOW).run(flows.nat4);
    }

    private static NatEntry idle(long seconds) {
        return new NatEntry(0, NOW - seconds * SECOND, NODE, 50000, false);
    }

    private static NatEntry host(long seconds) {
        return new NatEntry(0, NOW - seconds * SECOND, NODE, 50000, true);
    }

    @Test
    void bothEntriesOfAMappingAreFoundFromEachOther() {
        flows.nat4.map(OUT, idle(1));
        NatKey in = new NatKey(WORLD, NODE, 443, 50000, 6, Direction.IN);
        assertThat(flows.nat4.entries).containsOnlyKeys(OUT, in);
        assertThat(in.pair(flows.nat4.entries.get(in))).isEqualTo(OUT);
        assertThat(in.connection(flows.nat4.entries.get(in))).isEqualTo(OUT.connection(idle(1)));
        assertThat(OUT.connection(idle(1)).swapped()).isEqualTo(CONNECTION);
    }

    @Test
    void theMappingOfALiveConnectionStaysHoweverIdle() {
        flows.nat4.map(OUT, idle(50_000));
        flows.tcp4.entries.put(CONNECTION, FakeFlows.until(NOW + 1));
        assertThat(sweep()).isEqualTo(new Sweep(2, 0));
    }

    @Test
    void theMappingOfAnExpiredConnectionGoesAtOnce() {
        flows.nat4.map(OUT, idle(11));
        flows.tcp4.entries.put(CONNECTION, FakeFlows.until(NOW));
        assertThat(sweep()).isEqualTo(new Sweep(2, 2));
        assertThat(flows.nat4.entries).isEmpty();
    }

    @Test
    void theMappingOfAConnectionThatIsNotThereStaysForALifetime() {
        flows.nat4.map(OUT, idle(7999));
        NatKey udp = new NatKey(POD, WORLD, 41000, 53, 17, Direction.OUT);
        flows.nat4.map(udp, new NatEntry(0, NOW - 59 * SECOND, NODE, 50001, false));
        assertThat(sweep().deleted()).isZero();
        flows.nat4.map(OUT, idle(8001));
        flows.nat4.map(udp, new NatEntry(0, NOW - 61 * SECOND, NODE, 50001, false));
        assertThat(sweep().deleted()).isEqualTo(4);
    }

    @Test
    void whatWasUsedJustNowStaysWhateverElseIsSo() {
        flows.tcp4.entries.put(CONNECTION, FakeFlows.until(NOW - 1));
        flows.nat4.entries.put(OUT, idle(9));
        assertThat(sweep()).isEqualTo(new Sweep(1, 0));
    }

    @ParameterizedTest
    @EnumSource(Direction.class)
    void aFlowOfOneDirectionKeepsBothEntries(Direction used) {
        flows.nat4.map(OUT, idle(9000));
        flows.nat4.entries.replaceAll((key, entry) -> key.direction() == used
                ? new NatEntry(entry.created(), NOW - 5 * SECOND, entry.to(), entry.port(), false)
                : entry);
        assertThat(sweep().deleted()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Direction.class)
    void halfAMappingGoesUnlessItsConnectionLives(Direction left) {
        flows.nat4.map(OUT, idle(11));
        flows.nat4.entries.keySet().removeIf(key -> key.direction() != left);
        flows.tcp4.entries.put(CONNECTION, FakeFlows.until(NOW + 1));
        assertThat(sweep()).isEqualTo(new Sweep(1, 0));
        flows.tcp4.entries.clear();
        assertThat(sweep()).isEqualTo(new Sweep(1, 1));
    }

    @Test
    void answersToAPortThatTheFlowHasNoMoreGo() {
        flows.nat4.map(OUT, idle(100));
        NatKey old = new NatKey(WORLD, NODE, 443, 50009, 6, Direction.IN);
        flows.nat4.entries.put(old, new NatEntry(0, NOW - 100 * SECOND, POD, 41000, false));
        flows.tcp4.entries.put(CONNECTION, FakeFlows.until(NOW + 1));
        assertThat(sweep()).isEqualTo(new Sweep(3, 1));
        assertThat(flows.nat4.entries).doesNotContainKey(old);
    }

    @Test
    void theNodesOwnConnectionsGoByTheirIdleTime() {
        NatKey own = new NatKey(NODE, WORLD, 50000, 443, 6, Direction.OUT);
        flows.nat4.map(own, host(7999));
        assertThat(sweep().deleted()).isZero();
        flows.nat4.entries.keySet().removeIf(key -> key.direction() == Direction.IN);
        assertThat(sweep().deleted()).as("half of it keeps the port as well").isZero();
        flows.nat4.entries.clear();
        flows.nat4.map(own, host(8001));
        assertThat(sweep().deleted()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(Direction.class)
    void aPacketInBetweenKeepsBothEntries(Direction seenFirst) {
        flows.nat4.map(OUT, idle(9000));
        if (seenFirst == Direction.IN) {
            NatEntry out = flows.nat4.entries.remove(OUT);
            flows.nat4.entries.put(OUT, out);
        }
        flows.nat4.between = () -> flows.nat4.entries.computeIfPresent(
                OUT, (key, entry) -> new NatEntry(entry.created(), NOW, entry.to(), entry.port(), false));
        assertThat(sweep().deleted()).isZero();
        assertThat(flows.nat4.entries).hasSize(2);
    }

    @Test
    void anAnswerInBetweenKeepsItsEntry() {
        flows.nat4.map(OUT, idle(9000));
        NatKey in = OUT.pair(idle(9000));
        flows.nat4.between = () -> flows.nat4.entries.computeIfPresent(
                in, (key, entry) -> new NatEntry(entry.created(), NOW, entry.to(), entry.port(), false));
        assertThat(sweep().deleted()).isEqualTo(1);
        assertThat(flows.nat4.entries).containsOnlyKeys(in);
    }

    @Test
    void anEchoIsFoundByTheIdOfWhoAsks() {
        NatKey echo = new NatKey(POD, WORLD, 7, 0, 1, Direction.OUT);
        flows.nat4.map(echo, idle(20));
        flows.any4.entries.put(FakeFlows.key(WORLD, 0, POD, 7, 1), FakeFlows.until(NOW - 1));
        assertThat(sweep().deleted()).isEqualTo(2);
    }

    /** Whatever a table holds, a mapping that a packet may still need is there afterwards. */
    @Test
    void overGeneratedTablesNothingInUseGoes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            FakeFlows made = generated(random);
            Map<NatKey, NatEntry> before = new HashMap<>(made.nat4.entries);
            Sweep sweep = new NatSweep(made.tables, Lifetimes.DEFAULT, NOW).run(made.nat4);
            assertThat(before.size() - made.nat4.entries.size())
                    .as("seed %d", seed)
                    .isEqualTo(sweep.deleted());
            before.forEach((key, entry) -> {
                NatEntry pair = before.get(key.pair(entry));
                boolean whole = pair != null && key.isUndoneBy(pair);
                CtKey connection = key.connection(entry);
                boolean live = made.tables.of(connection).expires(connection).orElse(0) > NOW;
                boolean recent = entry.used() >= NOW - 10 * SECOND || (whole && pair.used() >= NOW - 10 * SECOND);
                if (recent || (live && whole)) {
                    assertThat(made.nat4.entries).as("seed %d", seed).containsEntry(key, entry);
                }
                boolean longIdle = entry.used() < NOW - 8000 * SECOND && (!whole || pair.used() < NOW - 8000 * SECOND);
                if (longIdle && !live) {
                    assertThat(made.nat4.entries).as("seed %d", seed).doesNotContainKey(key);
                }
            });
        }
    }

    private static FakeFlows generated(Random random) {
        FakeFlows made = new FakeFlows();
        for (int i = 0; i < 12; i++) {
            int protocol = random.nextBoolean() ? 6 : 17;
            NatKey out = new NatKey(POD, WORLD, 40000 + random.nextInt(4), 443, protocol, Direction.OUT);
            long used = NOW - random.nextInt(4) * (random.nextBoolean() ? 5L : 4000L) * SECOND;
            made.nat4.map(out, new NatEntry(0, used, NODE, 50000 + random.nextInt(4), random.nextInt(8) == 0));
            if (random.nextBoolean()) {
                CtKey connection = out.connection(made.nat4.entries.get(out));
                made.tables.connections().forEach(table -> {
                    if (table == made.tables.of(connection)) {
                        ((FakeFlows.Connections) table)
                                .entries.put(connection, FakeFlows.until(NOW + (random.nextInt(3) - 1) * SECOND));
                    }
                });
            }
        }
        made.nat4.entries.keySet().removeIf(key -> random.nextInt(6) == 0);
        return made;
    }
}
