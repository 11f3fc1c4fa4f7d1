package io.fairlead.identity.stream;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import java.util.Comparator;

/** What nodes are told about: an address, or a number. */
sealed interface TableKey {
    /** Addresses, then numbers. */
    Comparator<TableKey> ORDER = TableKey::compare;

    /** A prefix; host addresses are /32 or /128. */
    record Address(Cidr prefix) implements TableKey {}

    /** An identity. */
    record Identity(IdentityId id) implements TableKey {}

    private static int compare(TableKey a, TableKey b) {
        if (a instanceof Address left && b instanceof Address right) {
            return left.prefix().compareTo(right.prefix());
        }
        if (a instanceof Identity left && b instanceof Identity right) {
            return left.id().compareTo(right.id());
        }
        return a instanceof Address ? -1 : 1;
    }
}
