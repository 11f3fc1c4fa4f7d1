package io.fairlead.identity.upkeep;

import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.kvstore.KeyValue;
import java.util.Optional;

/**
 * An entry that says which identity is behind an address.
 *
 * @param entry as it is in the store
 * @param record what it says; empty when it cannot be read
 */
record Address(KeyValue entry, Optional<IpIdentityRecord> record) {
    static Address of(KeyValue entry) {
        try {
            return new Address(entry, Optional.of(IpIdentityRecord.decode(entry.value())));
        } catch (IllegalArgumentException e) {
            return new Address(entry, Optional.empty());
        }
    }

    /** True for Cilium's, which go with its agent. */
    boolean leased() {
        return entry.lease() != 0;
    }
}
