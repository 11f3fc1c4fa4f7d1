package io.fairlead.node.endpoint;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;

/** Something of this node that the control plane should hear is gone. */
sealed interface Release {
    /** A short text, unique for what is released and fit for a file name. */
    String name();

    /** No endpoint here has the identity any more. */
    record OfIdentity(IdentityId identity) implements Release {
        private static final String PREFIX = "identity-";

        @Override
        public String name() {
            return PREFIX + identity;
        }
    }

    /** No endpoint here has the address any more. */
    record OfAddress(Ip ip) implements Release {
        private static final String PREFIX = "address-";

        @Override
        public String name() {
            return PREFIX + ip;
        }
    }

    /** @throws IllegalArgumentException when it is no release's name */
    static Release parse(String name) {
        if (name.startsWith(OfIdentity.PREFIX)) {
            return new OfIdentity(IdentityId.parse(name.substring(OfIdentity.PREFIX.length())));
        }
        if (name.startsWith(OfAddress.PREFIX)) {
            return new OfAddress(Ip.parse(name.substring(OfAddress.PREFIX.length())));
        }
        throw new IllegalArgumentException("release: \"" + name + "\" (expected: identity-257 or address-10.244.2.7)");
    }
}
