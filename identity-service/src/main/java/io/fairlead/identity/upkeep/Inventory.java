package io.fairlead.identity.upkeep;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.identity.allocation.NumberText;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Listing;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a pass found. Its parts are read one after the other, so they may not fit together: what is done about them is
 * guarded by transactions.
 *
 * @param references all references
 * @param addresses all endpoints' entries
 * @param ids every number's key that can be read, by number
 * @param deciding every deciding key, by label set
 * @param resting every number that rests
 */
record Inventory(
        List<Reference> references,
        List<Address> addresses,
        Map<IdentityId, KeyValue> ids,
        Map<String, KeyValue> deciding,
        List<KeyValue> resting) {
    private static final Logger LOGGER = LoggerFactory.getLogger(Inventory.class);

    static Future<Inventory> read(Realm realm) {
        KvStore store = realm.store();
        IdentityKeys keys = realm.identities();
        // references last: what is allocated while this is read is then seen as used
        return store.list(keys.ids())
                .compose(ids -> store.list(keys.deciding())
                        .compose(deciding -> store.list(keys.freed())
                                .compose(resting -> uses(realm)
                                        .map(uses -> new Inventory(
                                                uses.references(),
                                                uses.addresses(),
                                                byNumber(ids, keys.ids()),
                                                byLabels(deciding, keys.deciding()),
                                                resting.entries())))));
    }

    /** Only what nodes refer to. */
    static Future<Inventory> uses(Realm realm) {
        return realm.store()
                .list(realm.keys().ips())
                .compose(ips -> realm.store()
                        .list(realm.identities().references())
                        .map(references -> new Inventory(
                                references.entries().stream()
                                        .map(entry -> Reference.of(realm.identities(), entry))
                                        .toList(),
                                ips.entries().stream().map(Address::of).toList(),
                                Map.of(),
                                Map.of(),
                                List.of())));
    }

    /** The number a deciding key names, if it can be read. */
    static Optional<IdentityId> decided(KeyValue entry) {
        return number(entry.key(), entry.value());
    }

    /** True for a set that a number can stand for: of anything else it is not known where references would be. */
    static boolean isLabels(String text) {
        try {
            var unused = Labels.decodeIdentity(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static Map<IdentityId, KeyValue> byNumber(Listing listing, String prefix) {
        Map<IdentityId, KeyValue> all = new HashMap<>();
        for (KeyValue entry : listing.entries()) {
            try {
                all.put(NumberText.ofKey(entry.key(), prefix), entry);
            } catch (IllegalArgumentException e) {
                unreadable(entry.key(), e);
            }
        }
        return all;
    }

    private static Map<String, KeyValue> byLabels(Listing listing, String prefix) {
        Map<String, KeyValue> all = new HashMap<>();
        listing.entries().forEach(entry -> all.put(entry.key().substring(prefix.length()), entry));
        return all;
    }

    private static Optional<IdentityId> number(String key, String value) {
        try {
            return Optional.of(NumberText.parse(value));
        } catch (IllegalArgumentException e) {
            unreadable(key, e);
            return Optional.empty();
        }
    }

    private static void unreadable(String key, IllegalArgumentException e) {
        LOGGER.atWarn()
                .addKeyValue("key", key)
                .addKeyValue("reason", e.getMessage())
                .log("Identity entry cannot be read, it is left alone");
    }
}
