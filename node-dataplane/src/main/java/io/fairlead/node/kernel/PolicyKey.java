package io.fairlead.node.kernel;

/**
 * What an entry of the table of policies is about.
 *
 * @param policy id of the policy
 * @param ingress of what is received; else of what is sent
 * @param identity of the peer, unsigned; 0 for any
 * @param protocol number of the IP protocol; 0 for any, with any port
 * @param port destination port, or type of ICMP; bits beyond portBits are 0
 * @param portBits how many leading bits of the port count, 0 to 16; 0 for any port
 */
public record PolicyKey(int policy, boolean ingress, int identity, int protocol, int port, int portBits) {
    public PolicyKey {
        if (protocol < 0 || protocol > 255) {
            throw new IllegalArgumentException("policy key: protocol " + protocol + " (expected: 0 to 255)");
        }
        boolean bits = portBits >= 0 && portBits <= 16 && (protocol != 0 || portBits == 0);
        if (!bits || port < 0 || port > 0xffff || (port & (0xffff >> portBits)) != 0) {
            throw new IllegalArgumentException("policy key: port " + port + "/" + portBits
                    + " (expected: 0 to 65535, its bits beyond the first 0 to 16 being 0)");
        }
    }
}
