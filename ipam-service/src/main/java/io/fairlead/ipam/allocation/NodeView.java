package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

record NodeView(List<Cidr> podCidrs, Set<Ip> ownAddresses) {
    static NodeView decode(String text) {
        try {
            JsonObject json = new JsonObject(text);
            JsonObject cidr = json.getJsonObject("IPv4AllocCIDR");
            List<Cidr> cidrs = new ArrayList<>();
            if (cidr != null) {
                int bits = 0;
                for (byte b : Base64.getDecoder().decode(cidr.getString("Mask"))) {
                    bits += Integer.bitCount(b & 0xff);
                }
                cidrs.add(new Cidr(Ip.parse(cidr.getString("IP")), bits));
            }
            Set<Ip> own = new TreeSet<>();
            JsonArray list = json.getJsonArray("IPAddresses", new JsonArray());
            for (int i = 0; i < list.size(); i++) {
                if (list.getJsonObject(i).getString("Type").equals("InternalIP")) {
                    own.add(Ip.parse(list.getJsonObject(i).getString("IP")));
                }
            }
            return new NodeView(cidrs, own);
        } catch (DecodeException | ClassCastException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
