package io.fairlead.contract.etcd;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import java.util.List;
import java.util.Optional;

/**
 * Which identity is behind an address, as the store holds it: Cilium's IPIdentityPair.
 *
 * @param address the address, or a prefix
 * @param host the node that has it, if known
 * @param id the identity's number
 * @param key number of the encryption key, 0 for none
 * @param pod who has it, if a pod
 * @param ports the pod's named ports
 */
public record IpIdentityRecord(
        Cidr address, Optional<Ip> host, IdentityId id, int key, Pod pod, List<NamedPort> ports) {
    private static final String KIND = "ip record";

    public IpIdentityRecord {
        ports = List.copyOf(ports);
    }

    /**
     * The pod behind the address; texts are empty when there is none.
     *
     * @param metadata free text of the writer
     */
    public record Pod(String namespace, String name, String metadata) {
        /** No pod. */
        public static final Pod NONE = new Pod("", "", "");
    }

    /**
     * A port with a name.
     *
     * @param port 0 to 65535
     * @param protocol "TCP", "UDP", "SCTP"
     */
    public record NamedPort(String name, int port, String protocol) {}

    /** The JSON text; a single address has a null mask. */
    public String encode() {
        ObjectNode node = RecordText.object();
        node.put("IP", address.address().toString());
        node.put("Mask", address.isHost() ? null : RecordText.mask(address));
        node.put("HostIP", host.map(Ip::toString).orElse(null));
        node.put("ID", Integer.toUnsignedLong(id.value()));
        node.put("Key", key);
        node.put("Metadata", pod.metadata());
        putUnlessEmpty(node, "K8sNamespace", pod.namespace());
        putUnlessEmpty(node, "K8sPodName", pod.name());
        if (!ports.isEmpty()) {
            ArrayNode list = node.putArray("NamedPorts");
            ports.forEach(p ->
                    list.addObject().put("Name", p.name()).put("Port", p.port()).put("Protocol", p.protocol()));
        }
        return RecordText.write(node);
    }

    /**
     * Reads the JSON text; fields it does not know are passed over.
     *
     * @throws IllegalArgumentException naming the field and its value
     */
    public static IpIdentityRecord decode(String text) {
        RecordText record = RecordText.parse(KIND, text);
        String ipText = record.requiredText("IP");
        Ip ip = record.checked("IP", () -> Ip.parse(ipText));
        int bits = ip.family().bits();
        int length = record.maskLength("Mask", bits).orElse(bits);
        if (record.field("ID").isEmpty()) {
            throw new IllegalArgumentException(KIND + " ID: none (expected: 0 to 4294967295)");
        }
        return new IpIdentityRecord(
                record.checked("IP", () -> new Cidr(ip, length)),
                record.parsed("HostIP", Ip::parse),
                new IdentityId((int) record.number("ID", 0, 0xffffffffL)),
                (int) record.number("Key", 0, 255),
                new Pod(record.text("K8sNamespace"), record.text("K8sPodName"), record.text("Metadata")),
                record.objects("NamedPorts").stream()
                        .map(IpIdentityRecord::port)
                        .toList());
    }

    private static NamedPort port(RecordText port) {
        return new NamedPort(port.requiredText("Name"), (int) port.number("Port", 0, 65535), port.text("Protocol"));
    }

    private static void putUnlessEmpty(ObjectNode node, String name, String value) {
        if (!value.isEmpty()) {
            node.put(name, value);
        }
    }
}
