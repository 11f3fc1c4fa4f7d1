package io.fairlead.events.kafka;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.events.EventRecord;
import io.fairlead.events.outbox.Entry.Fact;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a topic from its beginning to its present end. Waits: for a worker's thread. */
final class TopicReader {
    private static final Logger LOGGER = LoggerFactory.getLogger(TopicReader.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final int IDLE_POLLS = 60;

    private TopicReader() {}

    static Map<String, Fact> read(Map<String, Object> config, String topic) {
        Map<String, Fact> facts = new HashMap<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config)) {
            List<PartitionInfo> partitions = consumer.listTopics().getOrDefault(topic, List.of());
            List<TopicPartition> assigned = partitions.stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            if (assigned.isEmpty()) {
                return facts;
            }
            consumer.assign(assigned);
            consumer.seekToBeginning(assigned);
            Map<TopicPartition, Long> ends = consumer.endOffsets(assigned);
            int idle = 0;
            while (isBefore(consumer, ends, assigned)) {
                var records = consumer.poll(POLL);
                records.forEach(each -> take(each, facts));
                idle = records.isEmpty() ? idle + 1 : 0;
                if (idle > IDLE_POLLS) {
                    throw new IllegalStateException(
                            "topic " + topic + ": no records for " + idle / 2 + " s (expected: all up to its end)");
                }
            }
        }
        return facts;
    }

    private static boolean isBefore(
            KafkaConsumer<String, String> consumer, Map<TopicPartition, Long> ends, Collection<TopicPartition> all) {
        return all.stream().anyMatch(each -> consumer.position(each) < ends.getOrDefault(each, 0L));
    }

    private static void take(ConsumerRecord<String, String> record, Map<String, Fact> facts) {
        if (record.key() == null) {
            return;
        }
        if (record.value() == null) {
            facts.remove(record.key());
            return;
        }
        try {
            EventRecord event = EventRecord.decode(record.value());
            if (event.isDelete()) {
                facts.remove(record.key());
            } else {
                ObjectNode detail = event.detail();
                facts.put(
                        record.key(),
                        new Fact(
                                event.origin().epoch(),
                                event.origin().revision(),
                                Fact.hash(detail.toString()),
                                false));
            }
        } catch (IllegalArgumentException e) {
            LOGGER.atWarn()
                    .addKeyValue("topic", record.topic())
                    .addKeyValue("offset", record.offset())
                    .addKeyValue("error", e.getMessage())
                    .log("record of the topic is no event of ours");
        }
    }
}
