package io.fairlead.identity.endpoints;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.identity.allocation.IdentityException;
import io.fairlead.identity.allocation.IdentityException.Reason;
import io.fairlead.identity.allocation.KnownIdentities;
import io.fairlead.identity.allocation.Replica;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.vertx.core.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EndpointPublisherTest {
    private static final String IPS = "cilium/state/ip/v1/default/";

    private final MemoryKvStore store = new MemoryKvStore();
    private final KnownIdentities known = new KnownIdentities(store, Replica.KEYS, 0);
    private final EndpointPublisher publisher = new EndpointPublisher(store, Replica.KEYS, known, IPS);

    @BeforeEach
    void allocate() {
        put(Replica.KEYS.id(new IdentityId(4711)), "k8s:app=web;");
    }

    @AfterEach
    void stop() {
        store.close();
    }

    @Test
    void anEndpointIsWrittenWhereCiliumReadsIt() {
        long revision = await(publish(endpoint("10.244.0.7", 4711, "192.168.2.31")));
        var entry = await(store.get(IPS + "10.244.0.7")).orElseThrow();
        assertThat(entry.modRevision()).isEqualTo(revision);
        assertThat(entry.lease()).isZero();
        IpIdentityRecord record = IpIdentityRecord.decode(entry.value());
        assertThat(record.id()).isEqualTo(new IdentityId(4711));
        assertThat(record.host()).contains(Ip.parse("192.168.2.31"));
        assertThat(record.pod().name()).isEqualTo("web-1");
    }

    @Test
    void publishingAgainIsWrittenSoThatNobodyRemovesItUnseen() {
        long first = await(publish(endpoint("10.244.0.7", 4711, "192.168.2.31")));
        String value = await(store.get(IPS + "10.244.0.7")).orElseThrow().value();
        assertThat(await(publish(endpoint("10.244.0.7", 4711, "192.168.2.31")))).isGreaterThan(first);
        assertThat(await(store.get(IPS + "10.244.0.7")).orElseThrow().value()).isEqualTo(value);
        assertThat(await(publish(endpoint("10.244.0.7", 5, "192.168.2.31")))).isGreaterThan(first);
        assertThat(await(publish(endpoint("10.244.0.7", 5, "192.168.2.33")))).isGreaterThan(first + 1);
    }

    @Test
    void ipv6EndpointsArePublishedToo() {
        await(publish(endpoint("fd00::7", 4711, "fd01::1")));
        assertThat(await(store.get(IPS + "fd00::7"))).isPresent();
    }

    @Test
    void onlyTheNodeThatPublishedLastWithdraws() {
        await(publish(endpoint("10.244.0.7", 4711, "192.168.2.31")));
        await(publish(endpoint("10.244.0.7", 4711, "192.168.2.32")));
        assertThat(withdraw("10.244.0.7", "192.168.2.31")).isFalse();
        assertThat(await(store.get(IPS + "10.244.0.7"))).isPresent();
        assertThat(withdraw("10.244.0.7", "192.168.2.32")).isTrue();
        assertThat(withdraw("10.244.0.7", "192.168.2.32")).isFalse();
        assertThat(await(store.get(IPS + "10.244.0.7"))).isEmpty();
    }

    @Test
    void anEntryThatCannotBeReadIsNobodysToWithdraw() {
        put(IPS + "10.244.0.7", "{]");
        assertThat(withdraw("10.244.0.7", "192.168.2.31")).isFalse();
        assertThat(await(publish(endpoint("10.244.0.7", 4711, "192.168.2.31")))).isPositive();
    }

    @Test
    void whatCannotBePublishedIsRefusedByName() {
        refused(
                () -> await(publish(endpoint("10.244.0.7", 4712, "192.168.2.31"))),
                Reason.UNKNOWN,
                "identity: 4712 of 10.244.0.7 (expected: an allocated one)");
        refused(() -> endpoint("127.0.0.1", 4711, "192.168.2.31"), Reason.INVALID, "ip: 127.0.0.1");
        refused(() -> endpoint("10.244.0.7", 4711, "0.0.0.0"), Reason.INVALID, "host_ip: 0.0.0.0");
        refused(() -> endpoint("10.244.0.7", 4711, "10.244.0.7"), Reason.INVALID, "not its node's own");
        refused(() -> endpoint("10.244.0.7", 0, "192.168.2.31"), Reason.INVALID, "identity: 0");
        refused(
                () -> new Endpoint(
                        Ip.parse("10.244.0.7"), new IdentityId(5), Ip.parse("192.168.2.31"), "a\nb", "web-1"),
                Reason.INVALID,
                "namespace: ");
        refused(
                () -> new Endpoint(
                        Ip.parse("10.244.0.7"), new IdentityId(5), Ip.parse("192.168.2.31"), "", "p".repeat(254)),
                Reason.INVALID,
                "pod_name: ");
        refused(() -> endpoint("10.244.0.7", 1 << 24, "192.168.2.31"), Reason.INVALID, "identity: 16777216");
        assertThat(await(store.list(IPS)).entries()).isEmpty();
    }

    @Test
    void aLostAnswerIsRepeatedWithoutHarm() {
        store.loseNextAnswers(1);
        assertThatThrownBy(() -> await(publish(endpoint("10.244.0.7", 4711, "192.168.2.31"))))
                .hasMessageContaining("the answer was lost");
        long revision = await(store.list("")).revision();
        assertThat(await(publish(endpoint("10.244.0.7", 4711, "192.168.2.31")))).isGreaterThan(revision);
        assertThat(await(store.list(IPS)).entries()).hasSize(1);
    }

    @Test
    void theNodesReferenceIsWrittenWithTheEntry() {
        long revision = await(publish(endpoint("10.244.0.7", 4711, "192.168.2.31")));
        var reference = await(store.get(Replica.KEYS.references("k8s:app=web;") + "dev1"))
                .orElseThrow();
        assertThat(reference.value()).isEqualTo("4711");
        assertThat(reference.modRevision()).isEqualTo(revision);
        // a reserved identity has no references
        await(publish(endpoint("10.244.0.8", 4, "192.168.2.31")));
        assertThat(await(store.list(Replica.KEYS.references())).entries()).hasSize(1);
    }

    private Future<Long> publish(Endpoint endpoint) {
        return publisher.publish(new NodeName("dev1"), endpoint);
    }

    private boolean withdraw(String ip, String host) {
        return await(publisher.withdraw(Ip.parse(ip), Ip.parse(host)));
    }

    private static Endpoint endpoint(String ip, int identity, String host) {
        return new Endpoint(Ip.parse(ip), new IdentityId(identity), Ip.parse(host), "default", "web-1");
    }

    private void put(String key, String value) {
        await(store.commit(Txn.of(Op.put(key, value))));
    }

    private static void refused(ThrowingCallable call, Reason reason, String message) {
        assertThatThrownBy(call).isInstanceOfSatisfying(IdentityException.class, e -> {
            assertThat(e.reason()).isEqualTo(reason);
            assertThat(e.getMessage()).contains(message);
        });
    }
}
