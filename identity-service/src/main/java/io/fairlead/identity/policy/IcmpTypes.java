package io.fairlead.identity.policy;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Names of ICMP and ICMPv6 types, with the numbers IANA gives them; Cilium's spelling. */
final class IcmpTypes {
    /** Protocol of ICMP. */
    static final int ICMP = 1;
    /** Protocol of ICMPv6. */
    static final int ICMPV6 = 58;

    private static final Map<String, Integer> V4 = Map.ofEntries(
            Map.entry("EchoReply", 0),
            Map.entry("DestinationUnreachable", 3),
            Map.entry("Redirect", 5),
            Map.entry("Echo", 8),
            Map.entry("EchoRequest", 8),
            Map.entry("RouterAdvertisement", 9),
            Map.entry("RouterSelection", 10),
            Map.entry("TimeExceeded", 11),
            Map.entry("ParameterProblem", 12),
            Map.entry("Timestamp", 13),
            Map.entry("TimestampReply", 14),
            Map.entry("Photuris", 40),
            Map.entry("ExtendedEchoRequest", 42),
            Map.entry("ExtendedEchoReply", 43));
    private static final Map<String, Integer> V6 = Map.ofEntries(
            Map.entry("DestinationUnreachable", 1),
            Map.entry("PacketTooBig", 2),
            Map.entry("TimeExceeded", 3),
            Map.entry("ParameterProblem", 4),
            Map.entry("EchoRequest", 128),
            Map.entry("EchoReply", 129),
            Map.entry("MulticastListenerQuery", 130),
            Map.entry("MulticastListenerReport", 131),
            Map.entry("MulticastListenerDone", 132),
            Map.entry("RouterSolicitation", 133),
            Map.entry("RouterAdvertisement", 134),
            Map.entry("NeighborSolicitation", 135),
            Map.entry("NeighborAdvertisement", 136),
            Map.entry("RedirectMessage", 137),
            Map.entry("RouterRenumbering", 138),
            Map.entry("ICMPNodeInformationQuery", 139),
            Map.entry("ICMPNodeInformationResponse", 140),
            Map.entry("InverseNeighborDiscoverySolicitation", 141),
            Map.entry("InverseNeighborDiscoveryAdvertisement", 142),
            Map.entry("HomeAgentAddressDiscoveryRequest", 144),
            Map.entry("HomeAgentAddressDiscoveryReply", 145),
            Map.entry("MobilePrefixSolicitation", 146),
            Map.entry("MobilePrefixAdvertisement", 147),
            Map.entry("DuplicateAddressRequestCodeSuffix", 157),
            Map.entry("DuplicateAddressConfirmationCodeSuffix", 158),
            Map.entry("ExtendedEchoRequest", 160),
            Map.entry("ExtendedEchoReply", 161));

    private IcmpTypes() {}

    /** The number of a type: a number from 0 to 255, also in quotes, or a name. */
    static OptionalInt read(Field field, int protocol) {
        Map<String, Integer> names = protocol == ICMP ? V4 : V6;
        if (field.value().isIntegralNumber()) {
            return field.number(0, 255);
        }
        Optional<String> text = field.text();
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        Integer named = names.get(text.get());
        if (named != null) {
            return OptionalInt.of(named);
        }
        if (text.get().matches("[0-9]{1,3}") && Integer.parseInt(text.get()) <= 255) {
            return OptionalInt.of(Integer.parseInt(text.get()));
        }
        field.wrong("0 to 255 or one of " + String.join(", ", new TreeMap<>(names).keySet()));
        return OptionalInt.empty();
    }
}
