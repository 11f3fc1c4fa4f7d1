package io.fairlead.identity.stream;

import com.google.protobuf.ByteString;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import java.util.Optional;

/** What nodes are told. */
sealed interface TableValue {
    /**
     * The identity of an address.
     *
     * @param host address of the node that has it
     * @param namespace of its pod, empty when it is none
     * @param podName of its pod, empty when it is none
     * @param source which record said so
     */
    record AddressIdentity(IdentityId id, Optional<Ip> host, String namespace, String podName, Source source)
            implements TableValue {}

    /** The labels of an identity. */
    record LabelSet(Labels labels) implements TableValue {}

    /**
     * What a policy says.
     *
     * @param message as nodes are told it: encoded once, however often and to however many
     * @param revision of the store that wrote it: a policy that was written anew is told anew, so that nodes acknowledge it
     */
    record PolicyRules(ByteString message, long revision) implements TableValue {}

    /** Which record an address comes from. */
    enum Source {
        ENDPOINT("kvstore"),
        NODE("node");

        private final String text;

        Source(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }
}
