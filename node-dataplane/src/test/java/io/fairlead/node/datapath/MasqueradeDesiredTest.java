package io.fairlead.node.datapath;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.MasqueradeAddress;
import io.fairlead.node.kernel.NoMasquerade;
import io.fairlead.node.kernel.netlink.Addr;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MasqueradeDesiredTest {
    private static final Ip NODE = Ip.parse("192.168.2.31");
    private static final List<Addr> ADDRESSES = List.of(
            address(1, "127.0.0.1", 254, 0),
            address(2, "169.254.7.7", Addr.LINK, 0),
            address(2, "192.168.2.40", Addr.GLOBAL, 0x01),
            address(2, "192.168.2.30", Addr.GLOBAL, 0),
            address(2, "192.168.2.31", Addr.GLOBAL, 0x01),
            address(2, "fe80::1", Addr.LINK, 0),
            address(2, "fd02::9", Addr.GLOBAL, 0x20),
            address(2, "fd02::8", Addr.GLOBAL, 0x40),
            address(2, "fd02::7", Addr.GLOBAL, 0),
            address(3, "10.1.0.5", Addr.GLOBAL, 0x01),
            address(3, "10.1.0.4", Addr.GLOBAL, 0),
            address(4, "10.2.0.4", Addr.GLOBAL, 0x01),
            address(9, "10.9.0.4", Addr.GLOBAL, 0));

    @Test
    void aDeviceHasTheNodesAddressElseItsFirstPrimaryGlobalOne() {
        assertThat(wanted(true, true, List.of(), List.of()).addresses())
                .isEqualTo(Map.of(
                        2, from("192.168.2.31", "fd02::7"),
                        3, from("10.1.0.4", null),
                        4, from("10.2.0.4", null)));
    }

    @Test
    void aFamilyThatIsNotMasqueradedHasNoAddress() {
        assertThat(wanted(false, true, List.of(), List.of()).addresses()).isEqualTo(Map.of(2, from(null, "fd02::7")));
        assertThat(wanted(true, false, List.of(), List.of()).addresses().get(2)).isEqualTo(from("192.168.2.31", null));
        MasqueradeDesired none = wanted(false, false, List.of(Cidr.parse("10.0.0.0/8")), List.of());
        assertThat(none.addresses()).isEmpty();
        assertThat(none.excluded()).isEmpty();
    }

    @Test
    void nativeCidrsAreExcludedAndWinOverTheAgents() {
        Cidr ten = Cidr.parse("10.0.0.0/8");
        Cidr other = Cidr.parse("172.16.0.0/12");
        Cidr six = Cidr.parse("fd00::/8");
        assertThat(wanted(true, true, List.of(ten, six), List.of(ten, other)).excluded())
                .isEqualTo(Map.of(ten, NoMasquerade.NATIVE, six, NoMasquerade.NATIVE, other, NoMasquerade.AGENT));
    }

    @Test
    void withoutNativeCidrsOfAFamilyTheNodesOwnPodCidrIsExcluded() {
        assertThat(wanted(true, true, List.of(Cidr.parse("fd00::/8")), List.of())
                        .excluded())
                .containsOnlyKeys(Cidr.parse("fd00::/8"), Cidr.parse("10.244.1.0/24"));
    }

    private static MasqueradeDesired wanted(boolean ipv4, boolean ipv6, List<Cidr> natively, List<Cidr> agent) {
        return MasqueradeDesired.of(
                new DatapathMode.Masquerade(ipv4, ipv6, !agent.isEmpty(), natively),
                List.of(NODE),
                List.of(Cidr.parse("10.244.1.0/24"), Cidr.parse("fd00:1::/64")),
                agent,
                List.of(2, 3, 4, 5),
                ADDRESSES);
    }

    private static MasqueradeAddress from(String ipv4, String ipv6) {
        return new MasqueradeAddress(
                Optional.ofNullable(ipv4).map(Ip::parse),
                Optional.ofNullable(ipv6).map(Ip::parse));
    }

    private static Addr address(int ifindex, String ip, int scope, int flags) {
        return new Addr(ifindex, Ip.parse(ip), 24, scope, flags);
    }
}
