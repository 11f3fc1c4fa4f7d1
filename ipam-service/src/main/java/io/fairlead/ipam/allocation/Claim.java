package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a node holds, as kept under its claim key.
 *
 * @param podCidrs its blocks, in the order it was given them, at least one
 * @param addresses node addresses that are its own
 * @param requests the block each request for one more was answered with, as long as the node has it
 */
record Claim(List<Cidr> podCidrs, NavigableSet<Ip> addresses, Map<String, Cidr> requests) {
    private static final String ONE = "podCidr";
    private static final String CIDRS = "podCidrs";
    private static final String ADDRESSES = "addresses";
    private static final String REQUESTS = "requests";

    Claim {
        podCidrs = List.copyOf(podCidrs);
        addresses = Collections.unmodifiableNavigableSet(new TreeSet<>(addresses));
        requests = Collections.unmodifiableMap(new TreeMap<>(requests));
    }

    /**
     * Reads what {@link #encoded()} wrote, or an older Fairlead with its one block.
     *
     * @throws IllegalArgumentException when the text is something else
     */
    static Claim decode(String text) {
        try {
            JsonObject json = new JsonObject(text);
            NavigableSet<Ip> addresses = new TreeSet<>();
            texts(json, ADDRESSES).forEach(ip -> addresses.add(Ip.parse(ip)));
            List<Cidr> cidrs = new ArrayList<>();
            Optional.ofNullable(json.getString(ONE)).ifPresent(one -> cidrs.add(Cidr.parse(one)));
            texts(json, CIDRS).forEach(cidr -> cidrs.add(Cidr.parse(cidr)));
            Map<String, Cidr> requests = new TreeMap<>();
            JsonObject answered = json.getJsonObject(REQUESTS, new JsonObject());
            answered.fieldNames().forEach(id -> requests.put(id, Cidr.parse(answered.getString(id))));
            if (cidrs.isEmpty()) {
                throw new IllegalArgumentException("no " + CIDRS);
            }
            return new Claim(cidrs, addresses, requests);
        } catch (DecodeException | ClassCastException | NullPointerException e) {
            throw new IllegalArgumentException("no claim: " + e.getMessage(), e);
        }
    }

    private static List<String> texts(JsonObject json, String field) {
        JsonArray list = json.getJsonArray(field, new JsonArray());
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            texts.add(list.getString(i));
        }
        return texts;
    }

    /** The JSON text. It has no {@code podCidr}: an older Fairlead refuses it instead of losing blocks. */
    String encoded() {
        JsonArray cidrs = new JsonArray();
        podCidrs.forEach(cidr -> cidrs.add(cidr.toString()));
        JsonArray list = new JsonArray();
        addresses.forEach(ip -> list.add(ip.toString()));
        JsonObject json = new JsonObject().put(CIDRS, cidrs).put(ADDRESSES, list);
        if (!requests.isEmpty()) {
            JsonObject answered = new JsonObject();
            requests.forEach((id, cidr) -> answered.put(id, cidr.toString()));
            json.put(REQUESTS, answered);
        }
        return json.encode();
    }

    /** Its blocks of a family. */
    List<Cidr> podCidrs(Ip.Family family) {
        return podCidrs.stream().filter(c -> c.family() == family).toList();
    }

    /** The same with one more block, given for a request. */
    Claim plus(Cidr block, String request) {
        List<Cidr> cidrs = new ArrayList<>(podCidrs);
        cidrs.add(block);
        Map<String, Cidr> answered = new TreeMap<>(requests);
        answered.put(request, block);
        return new Claim(cidrs, addresses, answered);
    }

    /** The same without a block. */
    Claim minus(Cidr block) {
        Map<String, Cidr> answered = new TreeMap<>(requests);
        answered.values().removeIf(block::equals);
        return new Claim(podCidrs.stream().filter(c -> !c.equals(block)).toList(), addresses, answered);
    }
}
