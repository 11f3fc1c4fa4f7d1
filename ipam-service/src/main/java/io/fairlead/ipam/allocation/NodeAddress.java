package io.fairlead.ipam.allocation;

import io.fairlead.contract.Ip;

/**
 * An address of a node.
 *
 * @param kind what it is for
 * @param ip the address
 */
public record NodeAddress(Kind kind, Ip ip) {
    /** What an address is for, with the name node records have for it. */
    public enum Kind {
        INTERNAL("InternalIP"),
        EXTERNAL("ExternalIP"),
        HOSTNAME("Hostname"),
        /** The node's router inside its pod CIDR. */
        ROUTER("CiliumInternalIP");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** The name in node records. */
        public String text() {
            return text;
        }
    }
}
