package io.fairlead.node.kernel.bpf;

import java.util.Arrays;
import java.util.Optional;

/** Why a packet ended. Numbers and texts are the ones users of Cilium know; the C enum drop_reason has the same. */
public enum DropReason {
    FORWARDED(0, "Forwarded"),
    DROP_INVALID_SOURCE_IP(132, "Invalid source ip"),
    DROP_POLICY(133, "Policy denied"),
    DROP_INVALID_PACKET(134, "Invalid packet"),
    DROP_CT_INVALID_HEADER(135, "CT: Truncated or invalid header"),
    DROP_FRAGMENTATION_NEEDED(136, "Fragmentation needed"),
    DROP_WRITE_ERROR(141, "Error writing to packet"),
    DROP_UNKNOWN_TARGET(150, "Unknown L3 target address"),
    DROP_UNROUTABLE_IP(151, "Stale or unroutable IP"),
    DROP_CT_NO_ROOM(155, "CT: Map insertion failed"),
    DROP_INVALID_EXTENSION_HEADER(156, "Invalid IPv6 extension header"),
    DROP_UNSUPPORTED_L2(166, "Unsupported L2 protocol"),
    DROP_NAT_NO_MAPPING(167, "No mapping for NAT masquerade"),
    DROP_NAT_UNSUPPORTED_PROTOCOL(168, "Unsupported protocol for NAT masquerade"),
    DROP_FIB_LOOKUP_FAILED(169, "FIB lookup failed"),
    DROP_INVALID_IDENTITY(171, "Invalid identity"),
    DROP_FRAGMENT_NOT_FOUND(175, "First logical datagram fragment not found"),
    DROP_FORBIDDEN_ICMPV6(176, "Forbidden ICMPv6 message"),
    DROP_POLICY_DENY(181, "Policy denied by denylist"),
    DROP_TTL_EXCEEDED(196, "TTL exceeded"),
    DROP_ENDPOINT_NOT_READY(203, "Endpoint policy program not available");

    private final int number;
    private final String text;

    DropReason(int number, String text) {
        this.number = number;
        this.text = text;
    }

    /** The number in the map "metrics". */
    public int number() {
        return number;
    }

    /** What people read. */
    public String text() {
        return text;
    }

    /** The reason with this number; empty for one of a newer program. */
    public static Optional<DropReason> of(int number) {
        return Arrays.stream(values()).filter(r -> r.number == number).findFirst();
    }
}
