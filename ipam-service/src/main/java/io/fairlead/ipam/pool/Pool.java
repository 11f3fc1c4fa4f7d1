package io.fairlead.ipam.pool;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A pool as the store holds it: where blocks of either family come from.
 *
 * @param name 1 to 63 lower-case letters, digits, '-' and '.'
 * @param families what it has of each family, IPv4 first
 */
public record Pool(String name, Map<Ip.Family, ClusterPool> families) {
    /** The pool of nodes that name none; configuration seeds it. */
    public static final String DEFAULT = "default";

    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])?");

    public Pool {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("pool: \"" + name
                    + "\" (expected: at most 63 lower-case letters, digits, '-' and '.', such as default)");
        }
        EnumMap<Ip.Family, ClusterPool> sorted = new EnumMap<>(Ip.Family.class);
        sorted.putAll(families);
        families = Collections.unmodifiableMap(sorted);
    }

    /** What it has of a family. */
    public Optional<ClusterPool> family(Ip.Family family) {
        return Optional.ofNullable(families.get(family));
    }

    /** The same with another state of one family. */
    public Pool with(ClusterPool family) {
        Map<Ip.Family, ClusterPool> all = new EnumMap<>(Ip.Family.class);
        all.putAll(families);
        all.put(family.family(), family);
        return new Pool(name, all);
    }

    /** The store's text: {@code {"families":[{"cidrs":[…],"maskSize":24}]}}. */
    public String encode() {
        JsonArray list = new JsonArray();
        families.values().forEach(family -> {
            JsonArray cidrs = new JsonArray();
            family.cidrs().forEach(cidr -> cidrs.add(cidr.toString()));
            list.add(new JsonObject().put("cidrs", cidrs).put("maskSize", family.maskSize()));
        });
        return new JsonObject().put("families", list).encode();
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    public static Pool decode(String name, String text) {
        try {
            Pool pool = new Pool(name, Map.of());
            JsonArray families = new JsonObject(text).getJsonArray("families", new JsonArray());
            for (int i = 0; i < families.size(); i++) {
                JsonObject family = families.getJsonObject(i);
                JsonArray texts = family.getJsonArray("cidrs");
                List<Cidr> cidrs = new ArrayList<>();
                for (int j = 0; j < texts.size(); j++) {
                    cidrs.add(Cidr.parse(texts.getString(j)));
                }
                pool = pool.with(new ClusterPool(cidrs, family.getInteger("maskSize")));
            }
            return pool;
        } catch (DecodeException | ClassCastException | NullPointerException e) {
            throw new IllegalArgumentException("no pool: " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        List<String> texts =
                families.values().stream().map(ClusterPool::toString).toList();
        return name + ": " + (texts.isEmpty() ? "empty" : String.join(" and ", texts));
    }
}
