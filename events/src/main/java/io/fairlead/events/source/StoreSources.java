package io.fairlead.events.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.contract.events.EventKind;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.kvstore.KeyValue;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;

/** The kinds whose entities are keys of the store. */
public final class StoreSources {
    /** A larger document is left out of an event: brokers take a megabyte. */
    private static final int MAX_DOCUMENT = 512 << 10;

    private StoreSources() {}

    /** Numbers and their labels. */
    public static StateSource identities(StoreKeys keys) {
        return source(
                EventKind.IDENTITY,
                keys.identitiesById(),
                key -> keys.parseIdentityById(key).toString(),
                entry -> identity(keys.parseIdentityById(entry.key()), Labels.decodeIdentity(entry.value())));
    }

    /** Addresses and whose they are. */
    public static StateSource addresses(StoreKeys keys) {
        return source(
                EventKind.ADDRESS,
                keys.ips(),
                key -> entity(keys.parseIp(key)),
                entry -> address(IpIdentityRecord.decode(entry.value())));
    }

    /** Nodes of all clusters. */
    public static StateSource nodes(StoreKeys keys) {
        return source(
                EventKind.NODE,
                keys.nodes(),
                key -> keys.parseNode(key).cluster() + "/" + keys.parseNode(key).node(),
                entry -> node(NodeRecord.decode(entry.value())));
    }

    /**
     * Policies.
     *
     * @param prefix of their keys
     * @param name the policy of a key
     * @param document of a policy, from its value
     */
    public static StateSource policies(
            String prefix, Function<String, PolicyName> name, Function<String, ObjectNode> document) {
        return source(EventKind.POLICY, prefix, key -> name.apply(key).toString(), entry -> {
            PolicyName of = name.apply(entry.key());
            ObjectNode detail = object();
            detail.put("policyKind", of.kind().text());
            detail.put("namespace", of.namespace());
            detail.put("name", of.name());
            JsonNode text = document.apply(entry.value());
            if (text.toString().length() <= MAX_DOCUMENT) {
                detail.set("document", text);
            } else {
                detail.put("documentOmitted", true);
            }
            return detail;
        });
    }

    private static StateSource source(
            EventKind kind, String prefix, Function<String, String> entity, Function<KeyValue, ObjectNode> detail) {
        return new StateSource(kind, List.of(prefix), () -> new KeyedProjection(entity, detail));
    }

    private static String entity(Cidr address) {
        return address.isHost() ? address.address().toString() : address.toString();
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private static ObjectNode identity(IdentityId id, Labels labels) {
        ObjectNode detail = object();
        detail.put("identity", Integer.toUnsignedLong(id.value()));
        ArrayNode list = detail.putArray("labels");
        labels.texts().forEach(list::add);
        return detail;
    }

    private static ObjectNode address(IpIdentityRecord record) {
        ObjectNode detail = object();
        detail.put("ip", entity(record.address()));
        detail.put("identity", Integer.toUnsignedLong(record.id().value()));
        record.host().map(Ip::toString).ifPresent(host -> detail.put("host", host));
        if (!record.pod().name().isEmpty()) {
            detail.put("namespace", record.pod().namespace());
            detail.put("pod", record.pod().name());
        }
        return detail;
    }

    private static ObjectNode node(NodeRecord record) {
        ObjectNode detail = object();
        detail.put("node", record.name().value());
        detail.put("nodeCluster", record.cluster().value());
        ArrayNode addresses = detail.putArray("addresses");
        record.addresses()
                .forEach(each -> addresses
                        .addObject()
                        .put("type", each.type())
                        .put("ip", each.ip().toString()));
        ArrayNode cidrs = detail.putArray("podCidrs");
        record.networks().podCidrs().forEach(cidr -> cidrs.add(cidr.toString()));
        ObjectNode labels = detail.putObject("labels");
        new TreeMap<>(record.details().labels()).forEach(labels::put);
        return detail;
    }
}
