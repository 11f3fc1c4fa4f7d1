package io.fairlead.identity.stream;

import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.grpc.PolicyMessages;
import io.fairlead.identity.policy.PolicyKeys;
import io.fairlead.identity.policy.PolicyRecord;
import io.fairlead.identity.stream.TableValue.PolicyRules;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.WatchEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A policy's entry, read: a large one takes long, so that is done beforehand and on another thread.
 *
 * @param name whose it is
 * @param rules what it says, encoded as nodes are told it
 */
record PolicyReading(PolicyName name, PolicyRules rules) {
    /** Readings of events, by entry; those that cannot be read with the reason. */
    record Readings(Map<KeyValue, PolicyReading> read, Map<KeyValue, String> refused) {
        static final Readings NONE = new Readings(Map.of(), Map.of());

        /**
         * The reading of an entry.
         *
         * @throws IllegalArgumentException when it cannot be read
         */
        PolicyReading of(KeyValue entry) {
            PolicyReading reading = read.get(entry);
            if (reading == null) {
                throw new IllegalArgumentException(refused.getOrDefault(entry, "policy record: not read"));
            }
            return reading;
        }
    }

    static boolean isAny(List<WatchEvent> events) {
        return events.stream()
                .anyMatch(event ->
                        event instanceof WatchEvent.Put put && put.entry().key().startsWith(PolicyKeys.PREFIX));
    }

    static Readings of(List<WatchEvent> events) {
        Map<KeyValue, PolicyReading> read = new HashMap<>();
        Map<KeyValue, String> refused = new HashMap<>();
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put && put.entry().key().startsWith(PolicyKeys.PREFIX)) {
                try {
                    read.put(put.entry(), of(put.entry()));
                } catch (IllegalArgumentException e) {
                    refused.put(put.entry(), String.valueOf(e.getMessage()));
                }
            }
        }
        return new Readings(read, refused);
    }

    private static PolicyReading of(KeyValue entry) {
        PolicyName name = PolicyKeys.parse(entry.key());
        return new PolicyReading(
                name,
                new PolicyRules(
                        PolicyMessages.message(
                                        PolicyRecord.decode(entry.value()).policy(name))
                                .toByteString(),
                        entry.modRevision()));
    }
}
