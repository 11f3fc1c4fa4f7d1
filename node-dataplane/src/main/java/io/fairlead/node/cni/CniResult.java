package io.fairlead.node.cni;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.node.endpoint.Device;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.PodAddress;
import java.util.Optional;

/** The result of ADD in the form of the version that was asked for, appended to what earlier plugins made. */
final class CniResult {
    private final CniVersion version;
    private final ObjectNode root;

    private CniResult(CniVersion version, Optional<ObjectNode> previous) {
        this.version = version;
        root = JsonNodeFactory.instance.objectNode();
        root.put("cniVersion", version.text());
        previous.ifPresent(before -> before.properties().stream()
                .filter(entry -> !entry.getKey().equals("cniVersion"))
                .forEach(entry -> root.set(entry.getKey(), entry.getValue().deepCopy())));
    }

    static ObjectNode of(CniVersion version, Endpoint endpoint, Device device, Optional<ObjectNode> previous) {
        CniResult result = new CniResult(version, previous);
        ArrayNode interfaces = result.list("interfaces");
        result.addInterfaces(interfaces, endpoint, device);
        int podInterface = interfaces.size() - 1;
        for (PodAddress address : endpoint.addresses()) {
            result.addAddress(address, podInterface);
        }
        for (PodAddress address : endpoint.addresses()) {
            result.list("routes")
                    .addObject()
                    .put("dst", address.ip().isV4() ? "0.0.0.0/0" : "::/0")
                    .put("gw", address.gateway().toString());
        }
        if (!result.root.has("dns")) {
            result.root.putObject("dns");
        }
        return result.root;
    }

    private void addInterfaces(ArrayNode interfaces, Endpoint endpoint, Device device) {
        ObjectNode host = interfaces
                .addObject()
                .put("name", endpoint.hostInterface())
                .put("mac", device.nodeMac().toString());
        withMtu(host, device);
        ObjectNode pod = interfaces
                .addObject()
                .put("name", endpoint.attachment().ifname())
                .put("mac", device.mac().toString());
        withMtu(pod, device).put("sandbox", endpoint.request().netns());
    }

    private ObjectNode withMtu(ObjectNode node, Device device) {
        return version.atLeast(CniVersion.V1_1_0) ? node.put("mtu", device.mtu()) : node;
    }

    private void addAddress(PodAddress address, int podInterface) {
        ObjectNode entry = list("ips").addObject();
        if (!version.atLeast(CniVersion.V1_0_0)) {
            entry.put("version", address.ip().isV4() ? "4" : "6");
        }
        entry.put("address", address.ip().toCidr().toString())
                .put("gateway", address.gateway().toString())
                .put("interface", podInterface);
    }

    private ArrayNode list(String key) {
        return root.get(key) instanceof ArrayNode array ? array : root.putArray(key);
    }
}
