package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;

record RecordWriter(int clusterId) {
    String encode(Owner owner, Registration asked, Cidr block) {
        JsonArray list = new JsonArray();
        asked.addresses().forEach(a -> list.add(
                new JsonObject().put("Type", a.kind().text()).put("IP", a.ip().toString())));
        int mask = -1 << (32 - block.prefixLength());
        return new JsonObject()
                .put("Name", owner.node().value())
                .put("Cluster", owner.cluster().value())
                .put("IPAddresses", list)
                .put("IPv4AllocCIDR", new JsonObject()
                        .put("IP", block.address().toString())
                        .put("Mask", Base64.getEncoder().encodeToString(java.nio.ByteBuffer.allocate(4).putInt(mask).array())))
                .put("ClusterID", clusterId).encode();
    }
}
