package io.fairlead.node.datapath;

import io.fairlead.contract.Cidr;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What of the settings the datapath does on this node, for programs and for people.
 *
 * @param hostRouting which way packets take between pods and devices
 * @param reason why it is not what was asked for, as it is logged; empty when it is
 * @param masquerade which packets leave from the node's address
 */
public record DatapathMode(HostRouting hostRouting, Optional<String> reason, Masquerade masquerade) {

    /** Which way packets take between pods and devices. */
    public enum HostRouting {
        /** From device to device, past the stack. */
        BPF("BPF"),
        /** Through the stack. */
        LEGACY("Legacy");

        private final String text;

        HostRouting(String text) {
            this.text = text;
        }

        /** As status has it: "BPF" or "Legacy". */
        public String text() {
            return text;
        }
    }

    /**
     * Which packets leave from the node's address.
     *
     * @param ipv4 pods' of IPv4
     * @param ipv6 pods' of IPv6
     * @param agent more exclusions are in the ip-masq-agent file
     * @param nativeCidrs destinations that see pods' own addresses
     */
    public record Masquerade(boolean ipv4, boolean ipv6, boolean agent, List<Cidr> nativeCidrs) {
        public Masquerade {
            nativeCidrs = List.copyOf(nativeCidrs);
        }

        /** As status has it: "BPF [ens33] 10.0.0.0/8 [IPv4: Enabled, IPv6: Disabled]", or "Disabled". */
        public String text(Collection<String> devices) {
            if (!ipv4 && !ipv6) {
                return "Disabled";
            }
            String excluded = nativeCidrs.stream().map(Cidr::toString).collect(Collectors.joining(", "));
            return "BPF" + (agent ? " (ip-masq-agent)" : "")
                    + " [" + devices.stream().sorted().collect(Collectors.joining(", ")) + "]"
                    + (excluded.isEmpty() ? "" : " " + excluded)
                    + " [IPv4: " + enabled(ipv4) + ", IPv6: " + enabled(ipv6) + "]";
        }

        private static String enabled(boolean on) {
            return on ? "Enabled" : "Disabled";
        }
    }

    private static final String FALLBACK = " Falling back to legacy host routing (enable-host-legacy-routing=true).";

    /**
     * What becomes of settings.
     *
     * @param nodeHasIpv6 whether its pods have IPv6
     * @param allDevicesHaveMacs whether every native device has a link-layer address
     */
    public static DatapathMode of(DatapathSettings settings, boolean nodeHasIpv6, boolean allDevicesHaveMacs) {
        DatapathSettings.Masquerade wanted = settings.masquerade();
        Masquerade masquerade = new Masquerade(
                wanted.ipv4(),
                wanted.ipv6() && nodeHasIpv6,
                wanted.agentFile().isPresent(),
                wanted.nativeCidrs().stream()
                        .filter(cidr -> cidr.address().isV4() || nodeHasIpv6)
                        .toList());
        if (settings.legacyHostRouting()) {
            return new DatapathMode(HostRouting.LEGACY, Optional.empty(), masquerade);
        }
        if (wanted.on(nodeHasIpv6) && !wanted.bpf()) {
            return fallback("BPF host routing requires enable-bpf-masquerade.", masquerade);
        }
        if (!allDevicesHaveMacs) {
            return fallback("BPF host routing is currently not supported with devices without L2 addr.", masquerade);
        }
        return new DatapathMode(HostRouting.BPF, Optional.empty(), masquerade);
    }

    private static DatapathMode fallback(String why, Masquerade masquerade) {
        return new DatapathMode(HostRouting.LEGACY, Optional.of(why + FALLBACK), masquerade);
    }
}
