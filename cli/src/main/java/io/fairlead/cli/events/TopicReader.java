package io.fairlead.cli.events;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/** Reads topics as one stream; of no consumer group, so that it leaves nothing behind. For one thread. */
final class TopicReader implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(250);

    private final KafkaConsumer<String, String> consumer;
    private final List<TopicPartition> partitions = new ArrayList<>();
    private final Map<TopicPartition, Long> ends;

    /**
     * Finds the topics; those that are not there are left out.
     *
     * @param since from when on: MIN for all there is, MAX for what comes
     * @throws org.apache.kafka.common.KafkaException when no broker answers
     */
    TopicReader(Map<String, Object> config, Duration timeout, List<String> topics, Instant since) {
        Map<String, Object> all = new HashMap<>(config);
        String text = "org.apache.kafka.common.serialization.StringDeserializer";
        all.put("key.deserializer", text);
        all.put("value.deserializer", text);
        all.put("enable.auto.commit", "false");
        all.put("auto.offset.reset", "earliest");
        all.put("allow.auto.create.topics", "false");
        all.put("default.api.timeout.ms", String.valueOf(timeout.toMillis()));
        consumer = new KafkaConsumer<>(all);
        try {
            Map<String, List<PartitionInfo>> there = consumer.listTopics();
            for (String topic : topics) {
                there.getOrDefault(topic, List.of())
                        .forEach(each -> partitions.add(new TopicPartition(topic, each.partition())));
            }
            consumer.assign(partitions);
            ends = consumer.endOffsets(partitions);
            seek(since);
        } catch (RuntimeException e) {
            consumer.close();
            throw e;
        }
    }

    private void seek(Instant since) {
        if (since.equals(Instant.MIN)) {
            consumer.seekToBeginning(partitions);
        } else if (since.equals(Instant.MAX)) {
            consumer.seekToEnd(partitions);
        } else {
            Map<TopicPartition, Long> times = new HashMap<>();
            partitions.forEach(each -> times.put(each, since.toEpochMilli()));
            Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
            for (TopicPartition each : partitions) {
                OffsetAndTimestamp offset = found.get(each);
                consumer.seek(each, offset == null ? ends.getOrDefault(each, 0L) : offset.offset());
            }
        }
    }

    /** True when everything that was there at the beginning has been read. */
    boolean isAtEnd() {
        return partitions.stream().allMatch(each -> consumer.position(each) >= ends.getOrDefault(each, 0L));
    }

    /** What comes next, without tombstones; nothing when there is nothing for a while. */
    List<String> next() {
        if (partitions.isEmpty()) {
            return List.of();
        }
        List<String> values = new ArrayList<>();
        consumer.poll(POLL).forEach(record -> {
            if (record.value() != null) {
                values.add(record.value());
            }
        });
        return values;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
