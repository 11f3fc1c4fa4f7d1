package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * What a node holds, as kept under its claim key.
 *
 * @param podCidr its block
 * @param addresses node addresses that are its own
 */
record Claim(Cidr podCidr, NavigableSet<Ip> addresses) {
    /**
     * Reads what {@link #encoded()} wrote.
     *
     * @throws IllegalArgumentException when the text is something else
     */
    static Claim decode(String text) {
        try {
            JsonObject json = new JsonObject(text);
            NavigableSet<Ip> addresses = new TreeSet<>();
            JsonArray list = json.getJsonArray("addresses", new JsonArray());
            for (int i = 0; i < list.size(); i++) {
                addresses.add(Ip.parse(list.getString(i)));
            }
            String cidr = json.getString("podCidr");
            if (cidr == null) {
                throw new IllegalArgumentException("no podCidr");
            }
            return new Claim(Cidr.parse(cidr), addresses);
        } catch (DecodeException | ClassCastException | NullPointerException e) {
            throw new IllegalArgumentException("no claim: " + e.getMessage(), e);
        }
    }

    String encoded() {
        JsonArray list = new JsonArray();
        addresses.forEach(ip -> list.add(ip.toString()));
        return new JsonObject()
                .put("podCidr", podCidr.toString())
                .put("addresses", list)
                .encode();
    }
}
