package io.fairlead.node.monitor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.kernel.IpcacheEntry;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Words for what the agent does, with the keys Cilium's users know. Costs nothing while nobody listens. */
public final class AgentNotices {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final AgentEvents events;

    public AgentNotices(AgentEvents events) {
        this.events = events;
    }

    /** The agent runs. */
    public void agentStarted(Instant time) {
        tell("Agent started", Map.of("time", time.toString()));
    }

    public void endpointCreated(Endpoint endpoint) {
        tell("Endpoint created", endpoint(endpoint));
    }

    public void endpointDeleted(Endpoint endpoint) {
        tell("Endpoint deleted", endpoint(endpoint));
    }

    /**
     * An endpoint is judged by other policies than before.
     *
     * @param id of the endpoint
     * @param labels of its pod
     */
    public void endpointRegenerated(int id, List<String> labels) {
        tell("Endpoint regenerated", object("id", id, "labels", labels));
    }

    /**
     * An endpoint is not judged by what policies say.
     *
     * @param id of the endpoint
     * @param labels of its pod
     */
    public void endpointRegenerationFailed(int id, List<String> labels, String error) {
        tell("Failed endpoint regeneration", object("id", id, "labels", labels, "error", error));
    }

    public void ipcacheUpserted(Cidr cidr, IpcacheEntry entry) {
        Map<String, Object> text = object(
                "cidr",
                cidr.toString(),
                "id",
                Integer.toUnsignedLong(entry.identity().value()));
        entry.host().map(Ip::toString).ifPresent(host -> text.put("host-ip", host));
        tell("IPCache entry upserted", text);
    }

    public void ipcacheDeleted(Cidr cidr) {
        tell("IPCache entry deleted", object("cidr", cidr.toString()));
    }

    /**
     * Policies came or changed.
     *
     * @param names "Kind namespace/name"
     * @param revision of the store
     * @param rules in all of them
     */
    public void policyUpdated(List<String> names, long revision, int rules) {
        tell("Policy updated", object("labels", names, "revision", revision, "rule_count", rules));
    }

    /** As policyUpdated, of those that went. */
    public void policyDeleted(List<String> names, long revision, int rules) {
        tell("Policy deleted", object("labels", names, "revision", revision, "rule_count", rules));
    }

    boolean heard() {
        return events.heard();
    }

    private static Map<String, Object> endpoint(Endpoint endpoint) {
        Map<String, Object> text = object(
                "id",
                endpoint.id().value(),
                "labels",
                endpoint.workload().labels().texts());
        put(text, "pod-name", endpoint.workload().pod());
        put(text, "namespace", endpoint.workload().namespace());
        return text;
    }

    private static void put(Map<String, Object> text, String key, Optional<String> value) {
        value.ifPresent(known -> text.put(key, known));
    }

    private static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    private void tell(String type, Map<String, ?> text) {
        if (!events.heard()) {
            return;
        }
        try {
            events.tell(type, JSON.writeValueAsString(text));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
