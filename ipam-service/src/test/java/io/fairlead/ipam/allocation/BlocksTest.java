package io.fairlead.ipam.allocation;

import static io.fairlead.ipam.allocation.Replica.await;
import static io.fairlead.ipam.allocation.Replica.registration;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Several pools, several blocks a node, and blocks that are withheld. */
class BlocksTest extends OnAStore {
    private static final NodeName DEV1 = new NodeName("dev1");

    @Test
    void aNodeWithAddressesOfBothFamiliesGetsABlockOfEach() {
        Replica replica = replica("10.244.0.0/16,fd00:10:244::/48");
        assertThat(replica.registerAll("dev1", "192.168.2.31,fd01::31"))
                .extracting(Cidr::toString)
                .containsExactly("10.244.0.0/24", "fd00:10:244::/120");
        assertThat(replica.registerAll("dev2", "192.168.2.32"))
                .extracting(Cidr::toString)
                .containsExactly("10.244.1.0/24");
        assertThat(replica.registerAll("dev2", "192.168.2.32,fd01::32"))
                .extracting(Cidr::toString)
                .containsExactly("10.244.1.0/24", "fd00:10:244::100/120");
        NodeRecord.Networks networks = record("dev2").networks();
        assertThat(networks.v6Alloc()).contains(Cidr.parse("fd00:10:244::100/120"));
    }

    @Test
    void familiesThatCannotBeGivenAreRefused() {
        Replica replica = replica("10.244.0.0/16");
        List<NodeAddress> v4 = List.of(new NodeAddress(NodeAddress.Kind.INTERNAL, Ip.parse("192.168.2.31")));
        refused(
                () -> await(replica.allocator.register(new Registration(
                        DEV1,
                        v4,
                        new Registration.Wants("default", List.of(), Set.of(Ip.Family.V6)),
                        Map.of(),
                        List.of()))),
                Reason.INVALID,
                "ip_versions: IPv6 (expected: a family of pool default: 10.244.0.0/16 in blocks of /24)");
        await(replica.pools.add("default", List.of(Cidr.parse("fd00::/112")), 0));
        refused(
                () -> replica.register("dev1", "192.168.2.31", "fd00::100/120"),
                Reason.INVALID,
                "addresses: none of type InternalIP for node dev1 (expected: at least one, of IPv6)");
    }

    @Test
    void oneMoreBlockIsTheSameForTheSameRequestAndStandsInTheRecord() {
        Replica replica = replica("10.244.0.0/16,fd00::/112");
        replica.register("dev1", "192.168.2.31,fd01::31");
        put(RECORD + "dev1", value(RECORD + "dev1").replace("{\"Name\"", "{\"Strange\":7,\"Name\""));
        Registered first = add(replica, "dev1", Ip.Family.V4, "a");
        assertThat(first.podCidrs()).containsExactly(Cidr.parse("10.244.1.0/24"));
        Registered again = add(replica, "dev1", Ip.Family.V4, "a");
        assertThat(again).isEqualTo(new Registered(first.podCidrs(), first.revision(), false));
        assertThat(add(replica, "dev1", Ip.Family.V6, "b").podCidrs()).containsExactly(Cidr.parse("fd00::100/120"));
        assertThat(record("dev1").networks().podCidrs())
                .extracting(Cidr::toString)
                .containsExactly("10.244.0.0/24", "fd00::/120", "10.244.1.0/24", "fd00::100/120");
        assertThat(value(RECORD + "dev1"))
                .contains("\"Strange\":7", "IPv4SecondaryAllocCIDRs", "IPv6SecondaryAllocCIDRs");
        assertThat(replica.registerAll("dev1", "192.168.2.31,fd01::31")).hasSize(4);
        refused(() -> add(replica, "dev9", Ip.Family.V4, "a"), Reason.NOT_FOUND, "node: dev9 is not registered");
    }

    @Test
    void aBlockGoesBackButTheLastOfAFamilyStays() {
        Replica replica = replica("10.244.0.0/16");
        replica.register("dev1", "192.168.2.31");
        Cidr more = add(replica, "dev1", Ip.Family.V4, "a").podCidrs().get(0);
        assertThat(await(replica.allocator.returnPodCidr(DEV1, more, 0)).changed())
                .isTrue();
        assertThat(await(replica.allocator.returnPodCidr(DEV1, more, 0)).changed())
                .isFalse();
        assertThat(await(replica.allocator.returnPodCidr(new NodeName("dev9"), more, 0))
                        .changed())
                .isFalse();
        assertThat(record("dev1").networks().podCidrs()).containsExactly(Cidr.parse("10.244.0.0/24"));
        assertThat(value(RECORD + "dev1")).doesNotContain("Secondary");
        refused(
                () -> await(replica.allocator.returnPodCidr(DEV1, Cidr.parse("10.244.0.0/24"), 0)),
                Reason.REFUSED,
                "pod CIDR 10.244.0.0/24: the last of node dev1");
        List<NodeAddress> addresses = List.of(
                new NodeAddress(NodeAddress.Kind.INTERNAL, Ip.parse("192.168.2.31")),
                new NodeAddress(NodeAddress.Kind.ROUTER, Ip.parse("10.244.0.7")));
        await(replica.allocator.register(registration("dev1", addresses)));
        add(replica, "dev1", Ip.Family.V4, "b");
        refused(
                () -> await(replica.allocator.returnPodCidr(DEV1, Cidr.parse("10.244.0.0/24"), 0)),
                Reason.REFUSED,
                "holds router or health address 10.244.0.7 of node dev1");
    }

    @Test
    void aReleaseThatComesLateLeavesTheNextRegistrationAlone() {
        Replica replica = replica("10.244.0.0/16");
        replica.register("dev1", "192.168.2.31");
        long seen = await(new Nodes(store, Replica.KEYS).list()).revision();
        assertThat(await(replica.allocator.release(DEV1, seen))).isTrue();
        replica.register("dev1", "192.168.2.31");
        refused(
                () -> await(replica.allocator.release(DEV1, seen)),
                Reason.REFUSED,
                "node dev1: as of revision " + seen + " (expected: one not before");
        assertThat(record("dev1").networks().podCidrs()).hasSize(1);
        // more blocks do not make it another node
        long now = await(new Nodes(store, Replica.KEYS).list()).revision();
        add(replica, "dev1", Ip.Family.V4, "a");
        assertThat(await(replica.allocator.release(DEV1, now))).isTrue();
    }

    @Test
    void aReturnThatComesLateLeavesABlockThatWasGivenAgain() {
        Replica replica = replica("10.244.0.0/16");
        replica.register("dev1", "192.168.2.31");
        Registered first = add(replica, "dev1", Ip.Family.V4, "a");
        Cidr more = first.podCidrs().get(0);
        assertThat(await(replica.allocator.returnPodCidr(DEV1, more, first.revision()))
                        .changed())
                .isTrue();
        Registered again = add(replica, "dev1", Ip.Family.V4, "b");
        assertThat(again.podCidrs()).containsExactly(more);
        refused(
                () -> await(replica.allocator.returnPodCidr(DEV1, more, first.revision())),
                Reason.REFUSED,
                "pod CIDR " + more + ": as of revision " + first.revision());
        assertThat(await(replica.allocator.returnPodCidr(DEV1, more, again.revision()))
                        .changed())
                .isTrue();
    }

    @Test
    void aNodeHasOnlySoManyBlocks() {
        Replica replica = replica("10.244.0.0/16");
        replica.register("dev1", "192.168.2.31");
        for (int i = 1; i < MoreBlocks.MOST; i++) {
            add(replica, "dev1", Ip.Family.V4, "r" + i);
        }
        refused(() -> add(replica, "dev1", Ip.Family.V4, "x"), Reason.REFUSED, "node dev1: has 24 pod CIDRs");
        String[] all = record("dev1").networks().podCidrs().stream()
                .map(Cidr::toString)
                .toArray(String[]::new);
        assertThat(await(replica.allocator.release(DEV1, 0))).isTrue();
        // restored with all it had, and with other addresses
        assertThat(replica.registerAll("dev1", "192.168.2.77", all)).hasSize(MoreBlocks.MOST);
    }

    @Test
    void aBlockGivenBackIsAnothersOnlyAfterEveryOtherNodeHasAcknowledgedThat() {
        Replica replica = replica("10.244.0.0/23");
        replica.register("dev1", "192.168.2.31");
        replica.register("dev2", "192.168.2.32");
        progress.ack("dev2", 1);
        assertThat(await(replica.allocator.release(DEV1, 0))).isTrue();
        eventually(() -> replica.withdrawals.list().size() == 1);
        refused(
                () -> replica.register("dev3", "192.168.2.33"),
                Reason.EXHAUSTED,
                "taken: 1 of 2, 1 withheld until their withdrawal has been acknowledged by dev2}");
        refused(
                () -> replica.register("dev3", "192.168.2.33", "10.244.0.0/24"),
                Reason.CONFLICT,
                "requested CIDR (10.244.0.0/24) is already allocated: another node gave it back");
        Withdrawals.Waiting waiting = replica.withdrawals.list().get(0);
        assertThat(waiting.cidr()).hasToString("10.244.0.0/24");
        assertThat(waiting.node()).isEqualTo("dev1");
        assertThat(waiting.waitingFor()).containsExactly(new NodeName("dev2"));
        progress.ack("dev2", waiting.revision(), Map.of("10.244.0.0/24", "device or resource busy"));
        assertThat(replica.withdrawals.list().get(0).waitingFor()).containsExactly(new NodeName("dev2"));
        progress.ack("dev2", waiting.revision() - 1);
        assertThat(replica.withdrawals.list()).hasSize(1);
        progress.ack("dev2", waiting.revision());
        assertThat(replica.register("dev3", "192.168.2.33")).hasToString("10.244.0.0/24");
        assertThat(replica.withdrawals.list()).isEmpty();
    }

    @Test
    void aNodeThatComesBackHasItsOwnBlockAtOnceWithWhateverAddress() {
        Replica replica = replica("10.244.0.0/16");
        replica.register("dev1", "192.168.2.31");
        replica.register("dev2", "192.168.2.32");
        await(replica.allocator.release(DEV1, 0));
        assertThat(replica.register("dev3", "192.168.2.33")).hasToString("10.244.2.0/24");
        eventually(() -> replica.withdrawals.list().size() == 1);
        assertThat(replica.register("dev1", "192.168.2.99")).hasToString("10.244.0.0/24");
        assertThat(await(store.list(Replica.KEYS.withheld())).entries()).isEmpty();
        await(replica.allocator.release(DEV1, 0));
        assertThat(replica.register("dev1", "192.168.2.98", "10.244.0.0/24")).hasToString("10.244.0.0/24");
    }

    @Test
    void aNodeThatIsReleasedIsNotWaitedForAnyMore() {
        Replica replica = replica("10.244.0.0/23");
        replica.register("dev1", "192.168.2.31");
        replica.register("dev2", "192.168.2.32");
        await(replica.allocator.release(DEV1, 0));
        await(replica.allocator.release(new NodeName("dev2"), 0));
        eventually(() -> replica.withdrawals.list().isEmpty());
        assertThat(replica.register("dev3", "192.168.2.33")).hasToString("10.244.0.0/24");
    }

    @Test
    void aRenamedNodeIsToldOfItsOldNameAndRegistersOnceThatIsReleased() {
        Replica replica = replica("10.244.0.0/16");
        replica.register("old", "192.168.2.31");
        refused(
                () -> replica.register("new", "192.168.2.31"),
                Reason.CONFLICT,
                "node address: 192.168.2.31 of node new (expected: an address of its own, it is default/old's; if that"
                        + " was this node's name: fairlead node release old)");
        await(replica.allocator.release(new NodeName("old"), 0));
        replica.register("new", "192.168.2.31");
        assertThat(value("fairlead/ipam/v1/address/192.168.2.31")).isEqualTo("default/new");
    }

    @Test
    void nodesNewerThanTheStoreSayWhatTheyHaveAndConflictsAreRefused() {
        Replica replica = replica("10.244.0.0/16,fd00::/112");
        // nothing of dev1 is in the store any more
        assertThat(replica.registerAll(
                        "dev1", "192.168.2.31,fd01::31", "10.244.7.0/24", "fd00::300/120", "10.244.9.0/24"))
                .extracting(Cidr::toString)
                .containsExactly("10.244.7.0/24", "fd00::300/120", "10.244.9.0/24");
        // of dev1, the store knows an earlier state
        assertThat(replica.registerAll("dev1", "192.168.2.31,fd01::31", "10.244.7.0/24", "10.244.8.0/24"))
                .hasSize(4);
        refused(
                () -> replica.register("dev2", "192.168.2.32", "10.244.5.0/24", "10.244.8.0/24"),
                Reason.CONFLICT,
                "requested CIDR (10.244.8.0/24) is already allocated");
        assertThat(await(store.get("fairlead/ipam/v1/block/10.244.5.0/24"))).isEmpty();
        refused(
                () -> replica.register("dev2", "192.168.2.32", "10.244.5.0/24", "10.9.0.0/24"),
                Reason.INVALID,
                "allocator not configured for the requested CIDR 10.9.0.0/24");
    }

    @Test
    void aRecordThatCannotBeReadStopsNewBlocksUntilItsNodeIsReleased() {
        Replica replica = replica("10.244.0.0/16");
        put(RECORD + "strange", "{]");
        eventually(() -> replica.occupancy
                .text()
                .contains("no new block is given: store key " + RECORD
                        + "strange cannot be read and nothing else says what its node holds; repair or delete it, or: fairlead"
                        + " node release strange"));
        refused(
                () -> replica.register("dev1", "192.168.2.31"),
                Reason.REFUSED,
                "repair or delete it, or: fairlead node release strange");
        assertThat(await(replica.allocator.release(new NodeName("strange"), 0))).isTrue();
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.0.0/24");
        assertThat(replica.occupancy.text()).doesNotContain("strange");
    }

    @Test
    void aRecordThatWasReadableOnceIsWithheldWhenItsNodeIsReleased() {
        Replica replica = replica("10.244.0.0/16");
        replica.register("dev2", "192.168.2.32");
        String readable = value(RECORD + "dev2")
                .replace("dev2", "far")
                .replace("192.168.2.32", "192.168.2.40")
                .replace("10.244.0.0", "10.244.1.0");
        put(RECORD + "far", readable);
        put(RECORD + "far", "{]");
        eventually(() -> replica.occupancy.unreadableEvents() == 1);
        assertThat(await(replica.allocator.release(new NodeName("far"), 0))).isTrue();
        eventually(() -> replica.withdrawals.list().size() == 1);
        assertThat(replica.withdrawals.list().get(0).cidr()).hasToString("10.244.1.0/24");
        assertThat(replica.register("dev3", "192.168.2.33")).hasToString("10.244.2.0/24");
    }

    @Test
    void whatAnOlderFairleadWroteGoesOn() {
        put("fairlead/ipam/v1/mask-size/ipv4", "24");
        put("fairlead/ipam/v1/node/default/dev1", "{\"podCidr\":\"10.244.3.0/24\",\"addresses\":[\"192.168.2.31\"]}");
        put("fairlead/ipam/v1/block/10.244.3.0/24", "default/dev1");
        put("fairlead/ipam/v1/address/192.168.2.31", "default/dev1");
        Replica other = unseeded("10.244.0.0/16", 26);
        refused(() -> other.synced(), Reason.REFUSED, "cluster-pool-ipv4-mask-size: 26 (expected: 24");
        Replica replica = replica("10.244.0.0/16");
        assertThat(value("fairlead/ipam/v1/mask-size/ipv4")).isEqualTo("see pool/");
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.3.0/24");
        assertThat(value("fairlead/ipam/v1/node/default/dev1"))
                .isEqualTo("{\"podCidrs\":[\"10.244.3.0/24\"],\"addresses\":[\"192.168.2.31\"]}");
        assertThat(await(replica.allocator.release(DEV1, 0))).isTrue();
    }

    @Test
    void poolsAreMadeAndGrowAtRunTimeAndOtherReplicasFollow() {
        Replica replica = replica("10.244.0.0/24");
        Replica other = replica("10.244.0.0/24");
        refused(
                () -> blue(other, "dev1", "192.168.2.31"),
                Reason.NOT_FOUND,
                "pool: blue (expected: one of these: default)");
        await(replica.pools.add("blue", List.of(Cidr.parse("10.8.0.0/26")), 26));
        assertThat(blue(other, "dev1", "192.168.2.31")).hasToString("[10.8.0.0/26]");
        refused(() -> blue(other, "dev2", "192.168.2.32"), Reason.EXHAUSTED, "{pool: blue, ");
        await(replica.pools.add("blue", List.of(Cidr.parse("10.8.0.0/26"), Cidr.parse("10.9.0.0/26")), 0));
        eventually(() -> other.occupancy.usage("blue", Ip.Family.V4).blocks() == 2);
        assertThat(blue(other, "dev2", "192.168.2.32")).hasToString("[10.9.0.0/26]");
        assertThat(other.occupancy.usage("blue", Ip.Family.V4)).isEqualTo(new Occupancy.Usage(2, 2, 0));
        assertThat(other.occupancy.text())
                .contains("pool blue: 10.8.0.0/26,10.9.0.0/26 in blocks of /26, 2 of 2 blocks taken, 0 withheld");
    }

    @Test
    void cidrsThatNoPoolCanHaveAreRefused() {
        Replica replica = replica("10.244.0.0/16");
        replica.register("dev1", "192.168.2.31");
        refused(
                () -> addPool(replica, "blue", 0, "10.244.128.0/17"),
                Reason.INVALID,
                "requested CIDR 10.244.128.0/17 colides with 10.244.0.0/16 (expected: none of pool default's)");
        refused(
                () -> addPool(replica, "default", 26, "10.9.0.0/16"),
                Reason.INVALID,
                "mask_size: 26 (expected: 24, the size");
        refused(
                () -> addPool(replica, "blue", 0, "192.168.2.0/24"),
                Reason.INVALID,
                "cidrs: 192.168.2.0/24 contains address 192.168.2.31 of node default/dev1");
        assertThatThrownBy(() -> addPool(replica, "blue", 0)).hasMessage("cidrs: none (expected: at least one)");
        assertThatThrownBy(() -> addPool(replica, "blue", 24, "10.9.0.0/25")).hasMessageContaining("mask_size: 24");
        assertThatThrownBy(() -> addPool(replica, "blue", 24, "10.9.0.0/24", "fd00::/112"))
                .hasMessageContaining("mask_size: 24 for CIDRs of both families");
        assertThatThrownBy(() -> addPool(replica, "Blue", 0, "10.9.0.0/24")).hasMessageStartingWith("pool: \"Blue\"");
        assertThat(await(store.list("fairlead/ipam/v1/pool/")).entries()).hasSize(1);
    }

    @Test
    void aPoolThatCannotBeReadStaysAsItWasAndIsNamed() {
        Replica replica = replica("10.244.0.0/16");
        put("fairlead/ipam/v1/pool/default", "{]");
        eventually(() -> replica.occupancy.text().contains("pool default cannot be read"));
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.0.0/24");
        refused(
                () -> addPool(replica, "blue", 0, "10.9.0.0/24"),
                Reason.REFUSED,
                "store key fairlead/ipam/v1/pool/default: no pool");
    }

    @Test
    void aRegistrationThatWaitsSaysWhoHasNotGotItsRoutesAndWhy() {
        Replica replica = replica("10.244.0.0/16");
        for (String node : List.of("dev2", "dev3", "dev4", "dev5")) {
            replica.register(node, "192.168.2.3" + node.charAt(3));
        }
        Registered done = await(replica.allocator.register(registration("dev1", "192.168.2.31")));
        progress.ack("dev3", done.revision() - 1);
        progress.ack("dev4", done.revision(), Map.of("10.244.4.0/24", "no next hop"));
        progress.ack("dev5", done.revision());
        Convergence.Reach reach = reach(replica, done, Duration.ofSeconds(20));
        assertThat(reach.reachable()).isFalse();
        assertThat(reach.late())
                .containsExactly(
                        new Convergence.Late(new NodeName("dev2"), "not connected"),
                        new Convergence.Late(
                                new NodeName("dev3"),
                                "behind at revision " + (done.revision() - 1) + " (expected: " + done.revision() + ")"),
                        new Convergence.Late(new NodeName("dev4"), "route failed: 10.244.4.0/24: no next hop"));
        var waiting = replica.convergence.await(
                new io.fairlead.contract.ClusterName("default"), DEV1, done, Duration.ofHours(1));
        progress.ack("dev2", done.revision() + 5);
        progress.ack("dev3", done.revision());
        assertThat(waiting.isComplete()).isFalse();
        progress.ack("dev4", done.revision(), Map.of("10.99.0.0/24", "another route"));
        assertThat(await(waiting)).isEqualTo(new Convergence.Reach(true, List.of()));
    }

    @Test
    void aRequestCostsTheSameWith60000Nodes() {
        Replica replica = replica("10.0.0.0/8,fd00::/48");
        List<Op> batch = new ArrayList<>();
        for (int i = 0; i < 60_000; i++) {
            Cidr block = new Cidr(Ip.v4(0x0a000000 + (i << 8)), 24);
            batch.add(Op.put("fairlead/ipam/v1/block/" + block, "default/n" + i));
            if (batch.size() == 100) {
                await(store.commit(new Txn(List.of(), batch, List.of())));
                batch.clear();
            }
        }
        eventually(() -> replica.occupancy.usage("default", Ip.Family.V4).taken() == 60_000);
        Owner owner = new Owner(new io.fairlead.contract.ClusterName("default"), DEV1);
        long start = System.nanoTime();
        for (int i = 0; i < 2000; i++) {
            Cidr free = replica.occupancy
                    .reserve("default", Ip.Family.V4, i % 64, Set.of())
                    .orElseThrow();
            assertThat(replica.occupancy.otherHolder(free, owner, Set.of())).isEmpty();
            assertThat(replica.occupancy.otherHolder(new Cidr(Ip.v4(0x0a000000 + (i << 8)), 24), owner, Set.of()))
                    .isPresent();
            assertThat(replica.occupancy.otherUser(free.address(), owner, Set.of()))
                    .isEmpty();
            replica.occupancy.unreserve(free);
        }
        // a scan of 60,000 entries for each of 4,000 questions took minutes
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.234.96.0/24");
    }

    private Convergence.Reach reach(Replica replica, Registered done, Duration patience) {
        return await(replica.convergence.await(new io.fairlead.contract.ClusterName("default"), DEV1, done, patience));
    }

    private static List<Cidr> blue(Replica replica, String node, String ip) {
        List<NodeAddress> addresses = List.of(new NodeAddress(NodeAddress.Kind.INTERNAL, Ip.parse(ip)));
        return await(replica.allocator.register(registration(node, "blue", addresses)))
                .podCidrs();
    }

    private static void addPool(Replica replica, String name, int maskSize, String... cidrs) {
        List<Cidr> parsed = new ArrayList<>();
        for (String cidr : cidrs) {
            parsed.add(Cidr.parse(cidr));
        }
        await(replica.pools.add(name, parsed, maskSize));
    }

    private static Registered add(Replica replica, String node, Ip.Family family, String request) {
        return await(replica.allocator.addPodCidr(new NodeName(node), "default", family, request));
    }

    private Replica replica(String pool) {
        return replica(pool, 24);
    }

    private NodeRecord record(String node) {
        return NodeRecord.decode(value(RECORD + node));
    }
}
