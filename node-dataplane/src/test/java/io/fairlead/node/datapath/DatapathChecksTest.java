package io.fairlead.node.datapath;

import static io.fairlead.node.datapath.DatapathKeysTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DatapathChecksTest {
    private static final String NATIVE = "--native-routing-cidr=10.0.0.0/8";

    @Test
    void masqueradeWithoutNativeCidrIsRefusedInCiliumsWords() {
        assertThat(DatapathChecks.mistakes(read()))
                .containsExactly(
                        "level=fatal msg=\"Error while creating daemon\" error=\"invalid daemon configuration:"
                                + " native routing cidr must be configured with option --native-routing-cidr in combination"
                                + " with --masquerade --tunnel=disabled --ipam=cluster-pool --enable-ipv4=true\" subsys=daemon");
        assertThat(DatapathChecks.mistakes(read(NATIVE))).isEmpty();
        assertThat(DatapathChecks.mistakes(read("--masquerade=false"))).isEmpty();
    }

    @Test
    void anIpMasqAgentNeedsNoNativeCidrButBpfMasquerade() {
        assertThat(DatapathChecks.mistakes(read("--enable-ip-masq-agent=true", "--enable-bpf-masquerade=true")))
                .isEmpty();
        String text = "BPF ip-masq-agent requires --masquerade=\"true\" and --enable-bpf-masquerade=\"true\"";
        assertThat(DatapathChecks.mistakes(read("--enable-ip-masq-agent=true"))).containsExactly(text);
        assertThat(DatapathChecks.mistakes(
                        read("--enable-ip-masq-agent=true", "--masquerade=false", "--enable-bpf-masquerade=true")))
                .containsExactly(text);
    }

    @Test
    void aNodeWithIpv6NeedsANativeCidrOfIpv6() {
        assertThatThrownBy(() -> DatapathChecks.require(read(NATIVE), true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--ipv6-native-routing-cidr in combination with --enable-ipv6=true");
        assertThatCode(() -> DatapathChecks.require(read(NATIVE), false)).doesNotThrowAnyException();
        assertThatCode(() -> DatapathChecks.require(read(NATIVE, "--ipv6-native-routing-cidr=fd00::/8"), true))
                .doesNotThrowAnyException();
        assertThatCode(() -> DatapathChecks.require(read(NATIVE, "--enable-ipv6-masquerade=false"), true))
                .doesNotThrowAnyException();
    }

    @Test
    void allMistakesAreToldAtOnce() {
        DatapathSettings settings = read(
                "--masquerade=false",
                "--enable-ipv6-masquerade=false",
                "--enable-bpf-masquerade=true",
                "--enable-remote-node-masquerade=true",
                "--enable-health-checking=false");
        assertThatThrownBy(() -> DatapathChecks.require(settings))
                .hasMessageContaining("enable-bpf-masquerade: true (expected: false, or")
                .hasMessageContaining("enable-remote-node-masquerade: true (expected: false, or")
                .hasMessageContaining("enable-endpoint-health-checking: true (expected: false, or");
        assertThat(DatapathChecks.mistakes(settings)).hasSize(3);
    }
}
