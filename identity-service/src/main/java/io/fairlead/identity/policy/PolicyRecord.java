package io.fairlead.identity.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;

/**
 * A policy as the store holds it.
 *
 * @param document as it was applied
 * @param createdMs Unix time of its creation in ms
 */
public record PolicyRecord(ObjectNode document, long createdMs) {
    private static final ObjectMapper JSON = new ObjectMapper();

    String encode() {
        ObjectNode record = JsonNodeFactory.instance.objectNode();
        record.put("created", createdMs);
        record.set("document", document);
        return record.toString();
    }

    /**
     * Reads the JSON text; fields it does not know are passed over.
     *
     * @throws IllegalArgumentException naming the field
     */
    public static PolicyRecord decode(String text) {
        try {
            JsonNode record = JSON.readTree(text);
            if (record.get("document") instanceof ObjectNode document) {
                return new PolicyRecord(document, record.path("created").asLong(0));
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("policy record: no JSON (expected: a map with document)", e);
        }
        throw new IllegalArgumentException("policy record: document missing (expected: a map)");
    }

    /**
     * What it means.
     *
     * @throws IllegalArgumentException when it is not understood, or is another than its key says
     */
    public Policy policy(PolicyName name) {
        Policy policy;
        try {
            policy = PolicyDocuments.read(document).policy();
        } catch (PolicyException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        if (!policy.name().equals(name)) {
            throw new IllegalArgumentException("policy record: " + policy.name() + " (expected: " + name + ")");
        }
        return policy;
    }
}
