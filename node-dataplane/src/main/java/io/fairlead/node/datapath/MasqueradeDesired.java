package io.fairlead.node.datapath;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.MasqueradeAddress;
import io.fairlead.node.kernel.NoMasquerade;
import io.fairlead.node.kernel.netlink.Addr;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What the maps of masquerade should hold.
 *
 * @param addresses what packets that leave by a device are from, by ifindex
 * @param excluded destinations that see pods' own addresses
 */
public record MasqueradeDesired(Map<Integer, MasqueradeAddress> addresses, Map<Cidr, NoMasquerade> excluded) {
    /** Linux's IFA_F_: not for new connections (deprecated, tentative, found twice, temporary). */
    private static final int UNFIT = 0x20 | 0x40 | 0x08;

    private static final int SECONDARY = 0x01;

    public MasqueradeDesired {
        addresses = Map.copyOf(addresses);
        excluded = Map.copyOf(excluded);
    }

    /**
     * What to write for a node.
     *
     * @param mode which families are masqueraded, and the CIDRs that never are
     * @param node the node's own addresses: taken where a device has one, else the first global one
     * @param podCidrs taken for native CIDRs of a family that has none
     * @param agentCidrs those of the ip-masq-agent file, empty without it
     */
    public static MasqueradeDesired of(
            DatapathMode.Masquerade mode,
            Collection<Ip> node,
            List<Cidr> podCidrs,
            Collection<Cidr> agentCidrs,
            Collection<Integer> devices,
            List<Addr> addresses) {
        Map<Integer, MasqueradeAddress> byDevice = new HashMap<>();
        for (int device : devices) {
            MasqueradeAddress address = new MasqueradeAddress(
                    mode.ipv4() ? address(addresses, device, node, Ip::isV4) : Optional.empty(),
                    mode.ipv6() ? address(addresses, device, node, ip -> !ip.isV4()) : Optional.empty());
            if (address.ipv4().isPresent() || address.ipv6().isPresent()) {
                byDevice.put(device, address);
            }
        }
        Map<Cidr, NoMasquerade> excluded = new HashMap<>();
        if (mode.ipv4() || mode.ipv6()) {
            agentCidrs.forEach(cidr -> excluded.put(cidr, NoMasquerade.AGENT));
            mode.nativeCidrs().forEach(cidr -> excluded.put(cidr, NoMasquerade.NATIVE));
            podCidrs.stream()
                    .filter(cidr -> mode.nativeCidrs().stream().noneMatch(other -> other.family() == cidr.family()))
                    .forEach(cidr -> excluded.put(cidr, NoMasquerade.NATIVE));
        }
        return new MasqueradeDesired(byDevice, excluded);
    }

    private static Optional<Ip> address(List<Addr> addresses, int device, Collection<Ip> node, Predicate<Ip> family) {
        List<Addr> fit = addresses.stream()
                .filter(address -> address.ifindex() == device
                        && address.scope() == Addr.GLOBAL
                        && (address.flags() & UNFIT) == 0
                        && family.test(address.address()))
                .toList();
        return fit.stream()
                .filter(address -> node.contains(address.address()))
                .findFirst()
                .or(() -> fit.stream()
                        .filter(address -> (address.flags() & SECONDARY) == 0)
                        .findFirst())
                .or(() -> fit.stream().findFirst())
                .map(Addr::address);
    }
}
