package io.fairlead.node.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.node.kernel.bpf.BpfSpec;
import io.fairlead.node.kernel.bpf.StructCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Records by hand, in the layout of the compiled object; needs no privilege. */
class EventDecoderTest {
    private final BpfSpec spec = BpfSpec.datapath();
    private final EventDecoder decoder =
            new EventDecoder(spec, index -> index == 7 ? "lxca" : "", rule -> "rule " + rule, time -> time + 1000);

    private StructCodec.Value record(String struct, String type, int subtype) {
        StructCodec.Value value = spec.struct(struct).allocate();
        byte number = spec.enumeration("event_type").get(type).byteValue();
        return value.putLong("header.time", 5)
                .putInt("header.cpu", 3)
                .putInt("header.mark", 0x1b)
                .putInt("header.source", 149)
                .putBytes("header.type", new byte[] {number})
                .putBytes("header.subtype", new byte[] {(byte) subtype});
    }

    private Optional<Event> decode(StructCodec.Value value) {
        return decoder.decode(value.buffer(), value.buffer().capacity());
    }

    @Test
    void aDebugMessageHasItsThreeArguments() {
        ByteBuffer arguments = ByteBuffer.allocate(12).order(ByteOrder.nativeOrder());
        arguments.putInt(0, 1).putInt(4, -2).putInt(8, 3);
        StructCodec.Value value = record("debug_event", "EVENT_DEBUG", 48).putBytes("arguments", arguments.array());
        assertThat(decode(value)).get().isInstanceOfSatisfying(Event.Debug.class, debug -> {
            assertThat(debug.header()).isEqualTo(new Event.Header(2, 48, 3, 0x1b, 149, 1005));
            assertThat(debug.arguments()).containsExactly(1, -2, 3);
        });
    }

    @Test
    void aPacketHasEverythingOfItsRecord() {
        StructCodec.Value value = record("packet_event", "EVENT_POLICY_VERDICT", 0)
                .putInt("length", 1500)
                .putInt("captured", 3)
                .putInt("src_identity", 1001)
                .putInt("dst_identity", 0x1000001)
                .putInt("dst_endpoint", 8)
                .putInt("ifindex", 7)
                .putInt("verdict", -133)
                .putInt("rule", 12)
                .putBytes("dst_port", new byte[] {0x1f, (byte) 0x90})
                .putBytes("protocol", new byte[] {(byte) 132})
                .putBytes("direction", new byte[] {2})
                .putBytes("match", new byte[] {3})
                .putBytes("audited", new byte[] {1})
                .putBytes("state", new byte[] {4})
                .putBytes("original_ip", new byte[] {10, 0, 0, 1})
                .putBytes("payload", new byte[] {9, 8, 7, 6});
        assertThat(decode(value)).get().isInstanceOfSatisfying(Event.Packet.class, packet -> {
            assertThat(packet.type()).isEqualTo(EventType.POLICY_VERDICT);
            assertThat(packet.parties()).isEqualTo(new Event.Parties(1001, 0x1000001, 8));
            assertThat(packet.verdict()).isEqualTo(new Event.Verdict(-133, 8080, 132, 2, 3, true, "rule 12"));
            assertThat(packet.length()).isEqualTo(1500);
            assertThat(packet.interfaceName()).isEqualTo("lxca");
            assertThat(packet.state()).isEqualTo(4);
            assertThat(packet.originalIp()).containsExactly(10, 0, 0, 1);
            assertThat(packet.payload()).containsExactly(9, 8, 7);
        });
        value.putBytes("ipv6", new byte[] {1}).putInt("captured", -1).putInt("ifindex", 9);
        assertThat(decode(value)).get().isInstanceOfSatisfying(Event.Packet.class, packet -> {
            assertThat(packet.originalIp()).hasSize(16);
            assertThat(packet.payload()).hasSize(128);
            assertThat(packet.interfaceName()).isEmpty();
        });
    }

    @Test
    void everyTypeOfTheDatapathIsKnown() {
        for (EventType type : EventType.values()) {
            type.datapath().filter(event -> type != EventType.DEBUG).ifPresent(event -> {
                Event decoded = decode(record("packet_event", "EVENT_" + event.name(), 1))
                        .orElseThrow();
                assertThat(decoded.type()).isEqualTo(type);
                assertThat(decoded.source()).isEqualTo(149);
            });
        }
    }

    @Test
    void aRecordOfSeveralMessagesIsReadInOrderWithoutItsEmptyPlaces() {
        ByteBuffer two = record("debug_event", "EVENT_DEBUG", 48).buffer();
        ByteBuffer nothing = record("debug_event", "EVENT_NOTHING", 8).buffer();
        ByteBuffer last = record("debug_event", "EVENT_DEBUG", 15).buffer();
        ByteBuffer all = ByteBuffer.allocate(3 * two.capacity() + 8).order(ByteOrder.nativeOrder());
        all.put(0, two, 0, two.capacity())
                .put(two.capacity(), nothing, 0, two.capacity())
                .put(2 * two.capacity(), last, 0, two.capacity());
        List<Event> events = new ArrayList<>();
        decoder.decode(all, all.capacity(), events::add);
        assertThat(events)
                .map(event -> ((Event.Debug) event).header().subtype())
                .containsExactly(48, 15);
    }

    @Test
    void recordsOfNonsenseAreLeftOut() {
        byte[] whole = new byte[spec.struct("packet_event").size()];
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int understood = 0;
        for (int i = 0; i < 20_000; i++) {
            random.nextBytes(whole);
            byte[] bytes = Arrays.copyOf(whole, random.nextInt(whole.length + 1));
            ByteBuffer buffer = ByteBuffer.wrap(whole).order(ByteOrder.nativeOrder());
            Optional<Event> event = decoder.decode(buffer, bytes.length);
            understood += event.isPresent() ? 1 : 0;
        }
        assertThat(understood).as("seed %d", seed).isLessThan(2000);
    }
}
