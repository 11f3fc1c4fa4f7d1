package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.agent.v1.BpfMetric;
import io.fairlead.proto.agent.v1.ListBpfMetricsResponse;

/** {@code bpf metrics list}. */
record BpfMetricsAnswer(ListBpfMetricsResponse message) implements Answer {
    @Override
    public String text(TextStyle style) {
        Table table = new Table("REASON", "DIRECTION", "PACKETS", "BYTES");
        for (BpfMetric metric : message.getMetricsList()) {
            table.row(
                    metric.getReasonText(),
                    metric.getDirection(),
                    Long.toUnsignedString(metric.getPackets()),
                    Long.toUnsignedString(metric.getBytes()));
        }
        return table.render(style.headers());
    }

    @Override
    public Object json() {
        return message.getMetricsList().stream()
                .map(metric -> Json.object(
                        "reason", metric.getReason(),
                        "description", metric.getReasonText(),
                        "direction", metric.getDirection(),
                        "packets", Json.unsigned(metric.getPackets()),
                        "bytes", Json.unsigned(metric.getBytes())))
                .toList();
    }
}
