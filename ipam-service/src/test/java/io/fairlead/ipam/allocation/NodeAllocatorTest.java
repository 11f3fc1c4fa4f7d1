package io.fairlead.ipam.allocation;

import static io.fairlead.ipam.allocation.Replica.await;
import static io.fairlead.ipam.allocation.Replica.registration;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NodeAllocatorTest extends OnAStore {
    @Test
    void nodesAreGivenBlocksInOrderAndKeepThem() {
        Replica replica = replica("10.244.0.0/16", 24);
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.0.0/24");
        assertThat(replica.register("dev2", "192.168.2.32")).hasToString("10.244.1.0/24");
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.0.0/24");
    }

    @Test
    void registeringTheSameAgainWritesNothing() {
        Replica replica = replica("10.244.0.0/16", 24);
        Registered first = await(replica.allocator.register(registration("dev1", "192.168.2.31")));
        long revision = await(store.list("")).revision();
        assertThat(await(replica.allocator.register(registration("dev1", "192.168.2.31"))))
                .isEqualTo(new Registered(first.podCidrs(), first.revision(), false));
        assertThat(await(store.list("")).revision()).isEqualTo(revision);
    }

    @Test
    void recordAndClaimsAppearInOneRevisionAndHangOnNoLease() {
        Replica replica = replica("10.244.0.0/16", 24);
        Registered done = await(replica.allocator.register(registration("dev1", "192.168.2.31")));
        List<KeyValue> entries = await(store.list("")).entries();
        assertThat(entries)
                .extracting(KeyValue::key)
                .containsExactly(
                        RECORD + "dev1",
                        "fairlead/ipam/v1/address/192.168.2.31",
                        "fairlead/ipam/v1/block/10.244.0.0/24",
                        "fairlead/ipam/v1/node/default/dev1",
                        "fairlead/ipam/v1/pool/default",
                        "fairlead/ipam/v1/pools");
        assertThat(entries).allSatisfy(entry -> {
            if (!entry.key().contains("pool")) {
                assertThat(entry.modRevision()).isEqualTo(done.revision());
            }
            assertThat(entry.lease()).isZero();
        });
    }

    @Test
    void changedAddressesUpdateTheRecordInPlace() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31");
        List<NodeAddress> addresses = List.of(
                new NodeAddress(NodeAddress.Kind.INTERNAL, Ip.parse("192.168.2.41")),
                new NodeAddress(NodeAddress.Kind.ROUTER, Ip.parse("10.244.0.7")));
        assertThat(await(replica.allocator.register(registration("dev1", addresses)))
                        .podCidrs())
                .hasToString("[10.244.0.0/24]");
        assertThat(value(RECORD + "dev1")).contains("192.168.2.41", "CiliumInternalIP", "10.244.0.7");
        assertThat(replica.register("dev2", "192.168.2.31")).hasToString("10.244.1.0/24");
    }

    @Test
    void requestedCidrIsHonouredWhenFreeOrOwn() {
        Replica replica = replica("10.244.0.0/16", 24);
        assertThat(replica.register("dev1", "192.168.2.31", "10.244.7.0/24")).hasToString("10.244.7.0/24");
        assertThat(replica.register("dev1", "192.168.2.31", "10.244.7.0/24")).hasToString("10.244.7.0/24");
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.7.0/24");
    }

    @Test
    void requestsThatCannotBeMetAreRefusedWithTheTextsUsersKnow() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31", "10.244.7.0/24");
        refused(
                () -> replica.register("dev2", "192.168.2.32", "10.244.7.0/24"),
                Reason.CONFLICT,
                "requested CIDR (10.244.7.0/24) is already allocated");
        refused(
                () -> replica.register("dev1", "192.168.2.31", "10.244.8.0/24"),
                Reason.CONFLICT,
                "node has CIDRs allocated (10.244.7.0/24) that conflict with requested CIDRs 10.244.8.0/24");
        refused(
                () -> replica.register("dev2", "192.168.2.32", "10.9.0.0/24"),
                Reason.INVALID,
                "allocator not configured for the requested CIDR 10.9.0.0/24");
        refused(
                () -> replica.register("dev2", "192.168.2.32", "10.244.8.0/23"),
                Reason.INVALID,
                "allocator not configured for the requested CIDR 10.244.8.0/23 (expected: prefix length 24");
        refused(
                () -> replica.register("dev2", "192.168.2.32", "fd00::/120"),
                Reason.INVALID,
                "unable to allocate CIDR fd00::/120 since allocator for IPv6 addresses does not exist");
        assertThat(await(store.list(RECORD)).entries()).hasSize(1);
    }

    @Test
    void anExhaustedPoolSaysSoAndReleaseMakesRoom() {
        Replica replica = replica("10.244.0.0/30", 30);
        replica.register("dev1", "192.168.2.31");
        refused(
                () -> replica.register("dev2", "192.168.2.32"),
                Reason.EXHAUSTED,
                "allocator full: Unable to allocate node CIDR for node dev2. IPAMInfo: {pool: default, "
                        + "cluster-pool-ipv4-cidr: 10.244.0.0/30 in blocks of /30, taken: 1 of 1}. Please check that your "
                        + "configuration is correct.");
        assertThat(await(replica.allocator.release(new NodeName("dev1"), 0))).isTrue();
        assertThat(replica.register("dev2", "192.168.2.32")).hasToString("10.244.0.0/30");
    }

    @Test
    void releaseRemovesEverythingAndReleasingAgainSucceeds() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31");
        assertThat(await(replica.allocator.release(new NodeName("dev1"), 0))).isTrue();
        eventually(() -> keys().equals(List.of("fairlead/ipam/v1/pool/default", "fairlead/ipam/v1/pools")));
        assertThat(await(replica.allocator.release(new NodeName("dev1"), 0))).isFalse();
    }

    @Test
    void releaseLeavesClaimsThatAreAnotherNodesAlone() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31");
        put("fairlead/ipam/v1/block/10.244.0.0/24", "default/other");
        assertThat(await(replica.allocator.release(new NodeName("dev1"), 0))).isTrue();
        assertThat(value("fairlead/ipam/v1/block/10.244.0.0/24")).isEqualTo("default/other");
    }

    @Test
    void twoNodesCannotHaveOneAddress() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31");
        refused(
                () -> replica.register("dev2", "192.168.2.31"),
                Reason.CONFLICT,
                "node address: 192.168.2.31 of node dev2 (expected: an address of its own, it is default/dev1's; "
                        + "if that was this node's name: fairlead node release dev1)");
    }

    @Test
    void aPoolAroundTheNodesOwnAddressIsRefusedNamingBoth() {
        Replica replica = replica("10.0.0.0/8", 24);
        refused(
                () -> replica.register("dev1", "10.1.2.3"),
                Reason.INVALID,
                "cluster-pool-ipv4-cidr: 10.0.0.0/8 contains address 10.1.2.3 of node dev1 (expected: ");
    }

    @Test
    void aRouterAddressOutsideThePodCidrIsRefused() {
        Replica replica = replica("10.244.0.0/16", 24);
        List<NodeAddress> addresses = List.of(
                new NodeAddress(NodeAddress.Kind.INTERNAL, Ip.parse("192.168.2.31")),
                new NodeAddress(NodeAddress.Kind.ROUTER, Ip.parse("10.244.9.1")));
        refused(
                () -> await(replica.allocator.register(registration("dev1", addresses))),
                Reason.INVALID,
                "router or health address: 10.244.9.1 of node dev1 (expected: inside its pod CIDR 10.244.0.0/24)");
    }

    @Test
    void addressesThatNoPacketCanBeSentToAreRefused() {
        refused(() -> registration("dev1", "127.0.0.1"), Reason.INVALID, "addresses: 127.0.0.1 of node dev1");
        refused(() -> registration("dev1", List.of()), Reason.INVALID, "addresses: none of type InternalIP");
        refused(
                () -> replica("10.244.0.0/16", 24).register("dev1", "fd00::31"),
                Reason.INVALID,
                "(expected: at least one, of IPv4)");
    }

    @Test
    void asManyAddressesAsATransactionTakesCanBeChangedAtOnce() {
        Replica replica = replica("10.244.0.0/16", 24);
        assertThat(await(replica.allocator.register(registration("dev1", internal(1, 32))))
                        .podCidrs())
                .hasToString("[10.244.0.0/24]");
        assertThat(await(replica.allocator.register(registration("dev1", internal(33, 64))))
                        .podCidrs())
                .hasToString("[10.244.0.0/24]");
        refused(
                () -> registration("dev1", internal(1, 33)),
                Reason.INVALID,
                "addresses: 33 of node dev1 (expected: at most 32)");
    }

    private static List<NodeAddress> internal(int first, int last) {
        List<NodeAddress> addresses = new ArrayList<>();
        for (int i = first; i <= last; i++) {
            addresses.add(new NodeAddress(NodeAddress.Kind.INTERNAL, Ip.parse("192.168.3." + i)));
        }
        return addresses;
    }

    @Test
    void aReplicaWithAnotherMaskSizeIsRefused() {
        replica("10.244.0.0/16", 24).register("dev1", "192.168.2.31");
        Replica other = unseeded("10.244.0.0/16", 26);
        refused(
                () -> await(other.seed()),
                Reason.REFUSED,
                "cluster-pool-ipv4-mask-size: 26 (expected: 24, the size of the blocks this store's nodes hold");
    }

    @Test
    void cidrsThatConfigurationAddsAreAppendedAndNoneIsTakenAway() {
        replica("10.244.0.0/24", 24).register("dev1", "192.168.2.31");
        Replica other = replica("10.8.0.0/24", 24);
        assertThat(other.register("dev1", "192.168.2.31")).hasToString("10.244.0.0/24");
        assertThat(other.register("dev2", "192.168.2.32")).hasToString("10.8.0.0/24");
        assertThat(value("fairlead/ipam/v1/pool/default"))
                .isEqualTo("{\"families\":[{\"cidrs\":[\"10.244.0.0/24\",\"10.8.0.0/24\"],\"maskSize\":24}]}");
        refused(
                () -> replica("10.0.0.0/8", 24),
                Reason.INVALID,
                "requested CIDR 10.0.0.0/8 colides with 10.8.0.0/24 (expected: none of pool default's)");
    }

    @Test
    void cidrsInRecordsThatCiliumWroteAreTaken() {
        put("cilium/state/nodes/v1/default/old", record("old", "192.168.2.40", "10.244.0.0", "///+AA=="));
        put("cilium/state/nodes/v1/east/far", record("far", "192.168.3.40", "10.244.2.0", "////AA=="));
        Replica replica = replica("10.244.0.0/16", 24);
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.3.0/24");
        refused(
                () -> replica.register("dev2", "192.168.2.32", "10.244.1.0/24"),
                Reason.CONFLICT,
                "requested CIDR (10.244.1.0/24) is already allocated");
        refused(
                () -> replica.register("dev2", "192.168.3.40"),
                Reason.CONFLICT,
                "node address: 192.168.3.40 of node dev2 (expected: an address of its own, it is east/far's");
    }

    @Test
    void aNodeThatCiliumGaveACidrKeepsIt() {
        put(RECORD + "dev1", record("dev1", "192.168.2.31", "10.244.5.0", "////AA=="));
        Replica replica = replica("10.244.0.0/16", 24);
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.5.0/24");
        assertThat(value("fairlead/ipam/v1/block/10.244.5.0/24")).isEqualTo("default/dev1");
    }

    @Test
    void aRecordThatSomebodyDeletedComesBackWithTheSameCidr() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31", "10.244.9.0/24");
        await(store.commit(Txn.of(new Op.Delete(RECORD + "dev1"))));
        replica.register("dev2", "192.168.2.32");
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.9.0/24");
        assertThat(value(RECORD + "dev1")).contains("192.168.2.31");
    }

    @Test
    void aRecordThatCannotBeReadStopsNewBlocksButNotKnownNodes() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31");
        put(RECORD + "strange", "{]");
        eventually(() -> replica.occupancy.unreadableEvents() == 1);
        refused(
                () -> replica.register("dev2", "192.168.2.32"),
                Reason.REFUSED,
                "store key " + RECORD + "strange: cannot be read, so the CIDR of its node is not known");
        refused(() -> replica.register("dev2", "192.168.2.32", "10.244.9.0/24"), Reason.REFUSED, "strange");
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.0.0/24");
        await(store.commit(Txn.of(new Op.Delete(RECORD + "strange"))));
        eventually(() -> replica.occupancy.unknownHolder().isEmpty());
        assertThat(replica.register("dev2", "192.168.2.32")).hasToString("10.244.1.0/24");
    }

    @Test
    void aRecordThatBecomesUnreadableKeepsWhatItHadTaken() {
        put(RECORD + "old", record("old", "192.168.2.40", "10.244.0.0", "////AA=="));
        Replica replica = replica("10.244.0.0/16", 24);
        put(RECORD + "old", "");
        eventually(() -> replica.occupancy.unreadableEvents() == 1);
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.1.0/24");
    }

    @Test
    void anUnreadableRecordOfARegisteredNodeIsWrittenAnew() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31");
        put(RECORD + "dev1", "garbage");
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.0.0/24");
        assertThat(value(RECORD + "dev1")).contains("192.168.2.31");
    }

    @Test
    void aBrokenClaimIsRefusedByItsKey() {
        Replica replica = replica("10.244.0.0/16", 24);
        for (String broken : List.of(
                "x", "{}", "[]", "{\"podCidr\":7}", "{\"podCidrs\":[]}", "{\"podCidr\":\"x\",\"addresses\":[]}")) {
            put("fairlead/ipam/v1/node/default/dev1", broken);
            String key = "store key fairlead/ipam/v1/node/default/dev1: ";
            refused(() -> replica.register("dev1", "192.168.2.31"), Reason.REFUSED, key);
            refused(() -> replica.register("dev1", "192.168.2.31"), Reason.REFUSED, "fairlead node release dev1");
            eventually(() -> replica.occupancy.text().contains("node/default/dev1 cannot be read"));
            assertThat(replica.occupancy.text()).contains("fairlead node release dev1");
        }
    }

    @Test
    void aNameThatANodeOfAnotherClusterInTheStoreHasIsRefused() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31");
        String other = "cilium/state/nodes/v1/east/dev2";
        put(other, record("dev2", "192.168.9.2", "10.9.0.0", "////AA=="));
        put("cilium/state/nodes/v1/east/dev1", record("dev1", "192.168.9.1", "10.9.1.0", "////AA=="));
        Owner dev2 = new Owner(new ClusterName("default"), new NodeName("dev2"));
        eventually(() -> replica.occupancy.namesake(dev2, Set.of()).isPresent());
        refused(
                () -> replica.register("dev2", "192.168.2.32"),
                Reason.CONFLICT,
                "node name: dev2 (expected: one of its own in this store, east/dev2 of another cluster has it)");
        // one that is there stays
        assertThat(replica.register("dev1", "192.168.2.31")).hasToString("10.244.0.0/24");
        await(store.commit(Txn.of(new Op.Delete(other))));
        assertThat(replica.register("dev2", "192.168.2.32")).hasToString("10.244.1.0/24");
    }

    @Test
    void aBrokenClaimIsReleasedWithAllThatIsKeptUnderItsNodesName() {
        Replica replica = replica("10.244.0.0/16", 24);
        replica.register("dev1", "192.168.2.31", "10.244.9.0/24");
        replica.register("dev2", "192.168.2.32");
        put("fairlead/ipam/v1/node/default/dev1", "{]");
        eventually(() -> replica.occupancy.text().contains("node/default/dev1 cannot be read"));
        assertThat(await(replica.allocator.release(new NodeName("dev1"), 0))).isTrue();
        assertThat(await(store.list("")).entries())
                .extracting(KeyValue::key)
                .noneMatch(key -> key.endsWith("/dev1"))
                .doesNotContain("fairlead/ipam/v1/block/10.244.9.0/24", "fairlead/ipam/v1/address/192.168.2.31")
                .contains("fairlead/ipam/v1/withheld/10.244.9.0/24", "fairlead/ipam/v1/address/192.168.2.32");
        eventually(() -> !replica.occupancy.text().contains("cannot be read"));
        // it comes back with what it has
        assertThat(replica.register("dev1", "192.168.2.31", "10.244.9.0/24")).hasToString("10.244.9.0/24");
    }

    @Test
    void aReplicaThatStartsAmongBrokenEntriesReusesNothingOfThem() {
        Replica before = replica("10.244.0.0/16", 24);
        before.register("dev1", "192.168.2.31");
        before.register("dev2", "192.168.2.32");
        put("fairlead/ipam/v1/node/default/dev1", "{]");
        put(RECORD + "dev1", "{]");
        put("fairlead/ipam/v1/block/nonsense", "default/dev3");
        put("fairlead/ipam/v1/withheld/10.244.2.0/24", "{]");
        Replica replica = replica("10.244.0.0/16", 24);
        assertThat(replica.occupancy.text())
                .contains("store key fairlead/ipam/v1/node/default/dev1 cannot be read")
                .contains("unreadable: " + RECORD + "dev1");
        assertThat(replica.register("dev2", "192.168.2.32")).hasToString("10.244.1.0/24");
        assertThat(replica.register("dev4", "192.168.2.34")).hasToString("10.244.3.0/24");
        refused(() -> replica.register("dev5", "192.168.2.35", "10.244.0.0/24"), Reason.CONFLICT, "10.244.0.0/24");
    }

    @Test
    void aLostAnswerIsNoSecondBlock() {
        Replica replica = replica("10.244.0.0/16", 24);
        NodeAllocator allocator = replica.through(new CountingStore(store, 1), vertx);
        assertThat(await(allocator.register(registration("dev1", "192.168.2.31")))
                        .podCidrs())
                .hasToString("[10.244.0.0/24]");
        assertThat(await(store.list("fairlead/ipam/v1/block/")).entries()).hasSize(1);
    }

    @Test
    void aNewNodeCostsOneRoundTripAndSoDoesAKnownOne() {
        Replica replica = replica("10.244.0.0/16", 24);
        CountingStore counting = new CountingStore(store);
        NodeAllocator allocator = replica.through(counting, vertx);
        await(allocator.register(registration("dev1", "192.168.2.31")));
        assertThat(counting.requests()).isEqualTo(1);
        await(replica.occupancy.reached(
                await(store.list("fairlead/ipam/v1/node/")).entries().get(0).modRevision()));
        await(allocator.register(registration("dev1", "192.168.2.31")));
        assertThat(counting.requests()).isEqualTo(2);
    }

    private List<String> keys() {
        return await(store.list("")).entries().stream().map(KeyValue::key).toList();
    }

    private static String record(String name, String ip, String cidr, String mask) {
        return "{\"Name\":\"" + name + "\",\"Cluster\":\"default\",\"IPAddresses\":[{\"Type\":\"InternalIP\",\"IP\":\""
                + ip + "\"}],\"IPv4AllocCIDR\":{\"IP\":\"" + cidr + "\",\"Mask\":\"" + mask
                + "\"},\"IPv6AllocCIDR\":null,\"ClusterID\":0,\"Source\":\"local\"}";
    }
}
