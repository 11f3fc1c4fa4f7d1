package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.*;
import static io.fairlead.node.kernel.bpf.Node.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.monitor.Event;
import io.fairlead.node.monitor.EventRing;
import io.fairlead.node.monitor.EventSwitch;
import io.fairlead.node.monitor.EventType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The programs write, the ring is read. */
@Tag("root")
class EventRingTest {
    private Node node;
    private Netlink netlink;
    private EventRing ring;
    private SettingsMap settings;

    @BeforeEach
    void start() {
        node = new Node();
        netlink = node.inside(Netlink::open);
        settings = new SettingsMap(node.spec, node.object.map("settings"));
        ring = new EventRing(
                node.spec,
                node.object,
                new EventRing.Names(index -> netlink.link(index).map(Link::name), rule -> Optional.empty()));
    }

    @AfterEach
    void stop() {
        ring.close();
        netlink.close();
        node.close();
    }

    private List<Event> take() {
        List<Event> events = new ArrayList<>();
        int count;
        do {
            count = ring.take(1000, events);
        } while (count > 0);
        return events;
    }

    private void listen(Set<SettingsMap.Event> events) {
        EventSwitch.of(settings).listen(events);
    }

    private static byte[] ping(Ip to) {
        return fromA(ip(A, to, 64, ICMP, echo(A, to)));
    }

    @Test
    void nothingIsWrittenUnlessSomebodyListens() {
        node.run("from_container", node.lxcA, ping(B));
        assertThat(take()).isEmpty();
        listen(EnumSet.of(SettingsMap.Event.DROP));
        node.run("from_container", node.lxcA, ping(B));
        assertThat(take()).isEmpty();
        listen(Set.of());
        assertThat(settings.read().events()).isEmpty();
    }

    @Test
    void aPacketThatIsOnlyExplainedIsNotTold() {
        listen(EnumSet.allOf(SettingsMap.Event.class));
        int explain = node.spec.number("packet_mark", "MARK_EXPLAIN");
        node.inside(() ->
                TestRun.run(node.object.program("from_container"), new TestRun.Input(ping(B), node.lxcA, explain, 1)));
        assertThat(take()).isEmpty();
    }

    @Test
    void aDeliveredPacketIsTracedWithAllThatIsKnownOfIt() {
        listen(EnumSet.of(SettingsMap.Event.TRACE));
        byte[] frame = ping(B);
        Instant before = Instant.now();
        node.run("from_container", node.lxcA, frame);
        int point = node.spec.number("trace_point", "TRACE_TO_ENDPOINT");
        List<Event> told = take();
        assertThat(told).allMatch(event -> event.type() == EventType.TRACE);
        Event.Packet delivered = told.stream()
                .map(Event.Packet.class::cast)
                .filter(packet -> packet.header().subtype() == point)
                .findFirst()
                .orElseThrow();
        assertThat(delivered.parties()).isEqualTo(new Event.Parties(1001, 1002, 2));
        assertThat(delivered.interfaceName()).isEqualTo("lxcb");
        assertThat(delivered.length()).isEqualTo(frame.length);
        assertThat(delivered.payload()).hasSize(frame.length);
        assertThat(Ip.of(delivered.originalIp())).isEqualTo(A);
        assertThat(delivered.header().cpu()).isBetween(0, ring.processors() - 1);
        long nanos = delivered.header().time() - before.getEpochSecond() * 1_000_000_000L - before.getNano();
        assertThat(nanos).as("ns after it was sent").isBetween(-50_000_000L, 5_000_000_000L);
    }

    @Test
    void aDropIsToldWithItsReason() {
        listen(EnumSet.of(SettingsMap.Event.DROP));
        byte[] forged = fromA(ip(Ip.parse("10.244.1.99"), B, 64, ICMP, echo(A, B)));
        node.run("from_container", node.lxcA, forged);
        assertThat(take()).singleElement().isInstanceOfSatisfying(Event.Packet.class, packet -> {
            assertThat(packet.type()).isEqualTo(EventType.DROP);
            assertThat(packet.header().subtype()).isEqualTo(DropReason.DROP_INVALID_SOURCE_IP.number());
            assertThat(packet.source()).isEqualTo(1);
        });
    }

    @Test
    void whatDoesNotFitIsCountedAndTheRestIsReadWhole() {
        listen(EnumSet.of(SettingsMap.Event.DROP));
        byte[] forged = fromA(ip(Ip.parse("10.244.1.99"), B, 64, ICMP, echo(A, B)));
        int sent = 0;
        long[] lost = new long[ring.processors()];
        // three times round the ring, so that records stand across its end
        for (int round = 0; round < 3; round++) {
            int repeat = 6000;
            node.inside(() -> TestRun.run(
                    node.object.program("from_container"), new TestRun.Input(forged, node.lxcA, 0, repeat)));
            sent += repeat;
            long before = sum(lost);
            ring.lost(lost);
            List<Event> events = take();
            assertThat(events.size() + sum(lost) - before).isEqualTo(repeat);
            assertThat(events).allMatch(event -> ((Event.Packet) event).payload().length == forged.length);
        }
        assertThat(sum(lost)).isPositive().isLessThan(sent);
    }

    private static long sum(long[] counts) {
        long sum = 0;
        for (long count : counts) {
            sum += count;
        }
        return sum;
    }
}
