package io.fairlead.identity.stream;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.policy.PolicyName;
import java.util.Comparator;

/** What nodes are told about: an address, a number, or a policy. */
sealed interface TableKey {
    /** Addresses, then numbers, then policies. */
    Comparator<TableKey> ORDER = TableKey::compare;

    /** A prefix; host addresses are /32 or /128. */
    record Address(Cidr prefix) implements TableKey {}

    /** An identity. */
    record Identity(IdentityId id) implements TableKey {}

    /** A policy. */
    record PolicyKey(PolicyName name) implements TableKey {}

    private static int compare(TableKey a, TableKey b) {
        if (a instanceof Address left && b instanceof Address right) {
            return left.prefix().compareTo(right.prefix());
        }
        if (a instanceof Identity left && b instanceof Identity right) {
            return left.id().compareTo(right.id());
        }
        if (a instanceof PolicyKey left && b instanceof PolicyKey right) {
            return left.name().compareTo(right.name());
        }
        return Integer.compare(rank(a), rank(b));
    }

    private static int rank(TableKey key) {
        return key instanceof Address ? 0 : key instanceof Identity ? 1 : 2;
    }
}
