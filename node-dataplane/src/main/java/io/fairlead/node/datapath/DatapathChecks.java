package io.fairlead.node.datapath;

import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.List;

/** What keys say together and cannot be, in Cilium's words where it has the same check. */
public final class DatapathChecks {
    private static final String FATAL =
            "level=fatal msg=\"Error while creating daemon\" error=\"invalid daemon configuration: %s\" subsys=daemon";
    private static final String NATIVE_IPV4 = "native routing cidr must be configured with option --native-routing-cidr"
            + " in combination with --masquerade --tunnel=disabled --ipam=cluster-pool --enable-ipv4=true";
    private static final String NATIVE_IPV6 =
            "native routing cidr must be configured with option --ipv6-native-routing-cidr in combination with"
                    + " --enable-ipv6=true --enable-ipv6-masquerade=true --enable-ip-masq-agent=false"
                    + " --routing-mode=native --ipam=cluster-pool";
    private static final String AGENT =
            "BPF ip-masq-agent requires --masquerade=\"true\" and --enable-bpf-masquerade=\"true\"";

    private DatapathChecks() {}

    /** All mistakes that can be seen before the node is known; none when it can start. */
    public static List<String> mistakes(DatapathSettings settings) {
        DatapathSettings.Masquerade masquerade = settings.masquerade();
        List<String> mistakes = new ArrayList<>();
        if (masquerade.ipv4() && lacksNative(masquerade, Ip.Family.V4)) {
            mistakes.add(FATAL.formatted(NATIVE_IPV4));
        }
        if (masquerade.agentFile().isPresent() && !(masquerade.ipv4() && masquerade.bpf())) {
            mistakes.add(AGENT);
        }
        boolean any = masquerade.ipv4() || masquerade.ipv6();
        if (masquerade.bpf() && !any) {
            mistakes.add("enable-bpf-masquerade: true (expected: false, or enable-ipv4-masquerade or"
                    + " enable-ipv6-masquerade true)");
        }
        if (masquerade.remoteNodes() && !any) {
            mistakes.add("enable-remote-node-masquerade: true (expected: false, or enable-ipv4-masquerade or"
                    + " enable-ipv6-masquerade true)");
        }
        if (settings.health().endpoints() && !settings.health().nodes()) {
            mistakes.add("enable-endpoint-health-checking: true (expected: false, or enable-health-checking true)");
        }
        return mistakes;
    }

    /** The mistakes of a node that has IPv6. */
    static List<String> ipv6Mistakes(DatapathSettings settings) {
        DatapathSettings.Masquerade masquerade = settings.masquerade();
        return masquerade.ipv6() && lacksNative(masquerade, Ip.Family.V6)
                ? List.of(FATAL.formatted(NATIVE_IPV6))
                : List.of();
    }

    private static boolean lacksNative(DatapathSettings.Masquerade masquerade, Ip.Family family) {
        return masquerade.agentFile().isEmpty()
                && masquerade.nativeCidrs().stream().noneMatch(cidr -> cidr.family() == family);
    }

    /** @throws IllegalArgumentException with all mistakes, a line each */
    public static void require(DatapathSettings settings) {
        refuse(mistakes(settings));
    }

    /**
     * As {@link #require}, for what depends on the node.
     *
     * @throws IllegalArgumentException with all mistakes, a line each
     */
    public static void require(DatapathSettings settings, boolean nodeHasIpv6) {
        refuse(nodeHasIpv6 ? ipv6Mistakes(settings) : List.of());
    }

    private static void refuse(List<String> mistakes) {
        if (!mistakes.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", mistakes));
        }
    }
}
