package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.bpf.Metric.Direction;
import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The map "metrics": packets and bytes by reason and direction. */
public final class MetricsMap {
    private static final int PLACES_PER_REASON = 4;

    private final BpfMap map;
    private final StructCodec value;
    private final int ingress;
    private final int egress;
    private final int processors;

    /** @param map the open map "metrics" */
    public MetricsMap(BpfSpec spec, BpfMap map) {
        this.map = map;
        value = spec.struct(map.spec().valueType());
        ingress = spec.number("direction", "DIRECTION_INGRESS");
        egress = spec.number("direction", "DIRECTION_EGRESS");
        processors = Native.call("number of processors", Bpf.LIB::libbpf_num_possible_cpus);
    }

    /** The counters that are not zero, by reason and direction. */
    public List<Metric> read() {
        List<Metric> metrics = new ArrayList<>();
        // The kernel gives each processor's copy, rounded up to 8 bytes.
        int copy = (value.size() + 7) / 8 * 8;
        map.read(copy * processors, map.spec().maxEntries(), (keys, values, count) -> {
            for (int i = 0; i < count; i++) {
                add(metrics, keys.getInt(i * Integer.BYTES), values, i * copy * processors, copy);
            }
        });
        metrics.sort(Comparator.comparingInt(Metric::reason).thenComparing(Metric::direction));
        return metrics;
    }

    private void add(List<Metric> metrics, int index, ByteBuffer values, int offset, int copy) {
        int place = index % PLACES_PER_REASON;
        if (place != ingress && place != egress) {
            return;
        }
        long packets = 0;
        long bytes = 0;
        for (int i = 0; i < processors; i++) {
            StructCodec.Value one = value.at(values, offset + i * copy);
            packets += one.getLong("packets");
            bytes += one.getLong("bytes");
        }
        if (packets != 0) {
            Direction direction = place == ingress ? Direction.INGRESS : Direction.EGRESS;
            metrics.add(new Metric(index / PLACES_PER_REASON, direction, packets, bytes));
        }
    }
}
