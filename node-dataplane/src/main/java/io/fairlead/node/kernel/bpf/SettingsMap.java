package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.ffi.Bpf;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** The map "settings": what the programs do otherwise while they run. One thread at a time. */
public final class SettingsMap {
    /** The kinds of events there are, in the names of enum event_type. */
    public enum Event {
        /** Dropped packets. */
        DROP,
        /** Debug messages; programs loaded without debugging have none. */
        DEBUG,
        /** Packets as they are at some steps, written with debug messages. */
        CAPTURE,
        /** Packets seen on their way. */
        TRACE,
        /** What policies said of new connections. */
        POLICY_VERDICT
    }

    /** How much of what goes the same way is traced, in the names of enum aggregation. */
    public enum Aggregation {
        /** Every packet, wherever it is seen. */
        NONE,
        /** Every packet, not where it is received. */
        LOW,
        /** Connections: at their begin and end, and now and then between. */
        MEDIUM,
        /** As medium, with one report for all that has its flags. */
        MAXIMUM
    }

    /**
     * What the map holds.
     *
     * @param events kinds that are written; none costs nothing
     * @param aggregation how much is traced
     * @param interval how often a connection is traced from MEDIUM on
     * @param tcpFlags bits of the TCP header whose first sight is traced from MEDIUM on
     */
    public record Settings(Set<Event> events, Aggregation aggregation, Duration interval, int tcpFlags) {
        public Settings {
            events = Set.copyOf(events);
            if (interval.isNegative()) {
                throw new IllegalArgumentException("interval: " + interval + " (expected: not negative)");
            }
            if ((tcpFlags & ~0xff) != 0) {
                throw new IllegalArgumentException("TCP flags: " + tcpFlags + " (expected: 0 to 255)");
            }
        }

        /** The same for other listeners. */
        public Settings with(Set<Event> listened) {
            return new Settings(listened, aggregation, interval, tcpFlags);
        }
    }

    private final BpfMap map;
    private final StructCodec value;
    private final Map<Event, Integer> bits = new EnumMap<>(Event.class);
    private final Map<Aggregation, Integer> levels = new EnumMap<>(Aggregation.class);

    /** @param map the open map "settings" */
    public SettingsMap(BpfSpec spec, BpfMap map) {
        this.map = map;
        value = spec.struct(map.spec().valueType());
        for (Event event : Event.values()) {
            bits.put(event, 1 << spec.number("event_type", "EVENT_" + event.name()));
        }
        for (Aggregation level : Aggregation.values()) {
            levels.put(level, spec.number("aggregation", "AGGREGATION_" + level.name()));
        }
    }

    /**
     * Puts settings in force, on all processors at once.
     *
     * @throws io.fairlead.node.kernel.KernelException when the kernel refuses
     */
    public void write(Settings settings) {
        int events = 0;
        for (Event event : settings.events()) {
            events |= bits.get(event);
        }
        ByteBuffer bytes = value.allocate()
                .putInt("events", events)
                .putInt("aggregation", levels.get(settings.aggregation()))
                .putLong("interval", settings.interval().toNanos())
                .putInt("tcp_flags", settings.tcpFlags())
                .buffer();
        map.updateOne(Bpf.integer(0), bytes);
    }

    /** What is in force. Levels that no program of ours knows are read as NONE. */
    public Settings read() {
        Settings[] found = new Settings[1];
        map.read(value.size(), 1, (keys, values, count) -> {
            // the last batch is empty
            if (count > 0) {
                found[0] = settings(value.at(values, 0));
            }
        });
        return found[0];
    }

    private Settings settings(StructCodec.Value read) {
        Set<Event> events = EnumSet.noneOf(Event.class);
        bits.forEach((event, bit) -> {
            if ((read.getInt("events") & bit) != 0) {
                events.add(event);
            }
        });
        Aggregation aggregation = levels.entrySet().stream()
                .filter(level -> level.getValue() == read.getInt("aggregation"))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(Aggregation.NONE);
        return new Settings(
                events, aggregation, Duration.ofNanos(read.getLong("interval")), read.getInt("tcp_flags") & 0xff);
    }
}
