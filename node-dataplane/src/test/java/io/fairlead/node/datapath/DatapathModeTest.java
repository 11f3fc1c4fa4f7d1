package io.fairlead.node.datapath;

import static io.fairlead.node.datapath.DatapathKeysTest.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.node.datapath.DatapathMode.HostRouting;
import java.util.List;
import org.junit.jupiter.api.Test;

class DatapathModeTest {
    private static final String NATIVE = "--native-routing-cidr=10.0.0.0/8";

    @Test
    void withoutBpfMasqueradeHostRoutingFallsBackInCiliumsWords() {
        DatapathMode mode = DatapathMode.of(read(NATIVE), false, true);
        assertThat(mode.hostRouting()).isEqualTo(HostRouting.LEGACY);
        assertThat(mode.reason())
                .contains("BPF host routing requires enable-bpf-masquerade."
                        + " Falling back to legacy host routing (enable-host-legacy-routing=true).");
        assertThat(mode.hostRouting().text()).isEqualTo("Legacy");
    }

    @Test
    void bpfHostRoutingIsUsedWhereNothingStandsAgainstIt() {
        for (DatapathSettings settings : List.of(
                read(NATIVE, "--enable-bpf-masquerade=true"),
                read("--masquerade=false"),
                read("--masquerade=false", "--enable-ipv6-masquerade=false"))) {
            DatapathMode mode = DatapathMode.of(settings, false, true);
            assertThat(mode.hostRouting()).isEqualTo(HostRouting.BPF);
            assertThat(mode.hostRouting().text()).isEqualTo("BPF");
            assertThat(mode.reason()).isEmpty();
        }
        assertThat(DatapathMode.of(read("--masquerade=false"), true, true).hostRouting())
                .as("IPv6 masquerade counts where there is IPv6")
                .isEqualTo(HostRouting.LEGACY);
    }

    @Test
    void devicesWithoutMacAndAnExplicitWishMeanLegacy() {
        DatapathMode devices = DatapathMode.of(read(NATIVE, "--enable-bpf-masquerade=true"), false, false);
        assertThat(devices.reason())
                .contains("BPF host routing is currently not supported with devices without L2 addr."
                        + " Falling back to legacy host routing (enable-host-legacy-routing=true).");
        DatapathMode wished = DatapathMode.of(read(NATIVE, "--enable-host-legacy-routing=true"), false, true);
        assertThat(wished.hostRouting()).isEqualTo(HostRouting.LEGACY);
        assertThat(wished.reason()).isEmpty();
    }

    @Test
    void statusSaysWhatIsMasqueraded() {
        assertThat(text(false, List.of("ens33"), NATIVE, "--enable-bpf-masquerade=true"))
                .isEqualTo("BPF [ens33] 10.0.0.0/8 [IPv4: Enabled, IPv6: Disabled]");
        assertThat(text(
                        true,
                        List.of("ens34", "ens33"),
                        "--native-routing-cidr=10.0.0.0/8,172.16.0.0/12",
                        "--ipv6-native-routing-cidr=fd00::/8"))
                .isEqualTo("BPF [ens33, ens34] 10.0.0.0/8, 172.16.0.0/12, fd00::/8 [IPv4: Enabled, IPv6: Enabled]");
        assertThat(text(false, List.of("ens33"), "--enable-ip-masq-agent=true"))
                .isEqualTo("BPF (ip-masq-agent) [ens33] [IPv4: Enabled, IPv6: Disabled]");
        assertThat(text(false, List.of("ens33"), "--masquerade=false")).isEqualTo("Disabled");
    }

    private static String text(boolean ipv6, List<String> devices, String... arguments) {
        return DatapathMode.of(read(arguments), ipv6, true).masquerade().text(devices);
    }
}
