package io.fairlead.node.wiring;

import io.fairlead.node.endpoint.PodDevices.Spec;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.NetNs;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares a pod's pair with what was asked for: one sentence a difference. */
final class PodCheck {
    private static final int ALL_PROTOCOLS = 0;

    private final Netlink node;
    private final Spec spec;
    private final List<String> differences = new ArrayList<>();

    PodCheck(Netlink node, Spec spec) {
        this.node = node;
        this.spec = spec;
    }

    List<String> differences() {
        Optional<Link> host = node.link(spec.hostInterface());
        host.ifPresentOrElse(
                link -> {
                    device("host", link);
                    differences.addAll(Sysctls.differences(PodWiring.hostSettings(link.name())));
                },
                () -> differences.add("host interface " + spec.hostInterface() + ": missing"));
        try {
            NetNs.run(spec.netns(), () -> {
                try (Netlink pod = Netlink.open()) {
                    pod(pod, host);
                }
                return true;
            });
        } catch (KernelException e) {
            differences.add(e.getMessage());
        }
        return List.copyOf(differences);
    }

    private void pod(Netlink pod, Optional<Link> host) {
        Optional<Link> found = pod.link(spec.podInterface());
        if (found.isEmpty()) {
            differences.add("pod interface " + spec.podInterface() + ": missing");
            return;
        }
        Link end = found.get();
        device("pod", end);
        if (host.isPresent() && host.get().peer() != end.index()) {
            differences.add("pod interface " + end.name() + ": not the peer of " + spec.hostInterface());
        }
        List<Addr> addresses = pod.addresses(end.index());
        for (Addr wanted : PodWiring.addresses(spec, end.index())) {
            if (addresses.stream().noneMatch(a -> same(a, wanted))) {
                differences.add("pod address " + wanted.address() + "/" + wanted.prefixLength() + ": missing");
            }
        }
        for (Route wanted : PodWiring.routes(spec, end.index())) {
            boolean there = pod.routes(wanted.destination().family(), ALL_PROTOCOLS).stream()
                    .anyMatch(r -> same(r, wanted));
            if (!there) {
                differences.add("pod route " + wanted.destination()
                        + wanted.gateway().map(g -> " via " + g).orElse("") + " dev " + end.name() + ": missing");
            }
        }
    }

    private void device(String side, Link link) {
        if (!link.isUp()) {
            differences.add(side + " interface " + link.name() + ": down (expected: up)");
        }
        if (link.mtu() != spec.mtu()) {
            differences.add(
                    side + " interface " + link.name() + ": MTU " + link.mtu() + " (expected: " + spec.mtu() + ")");
        }
    }

    private static boolean same(Addr one, Addr other) {
        return one.address().equals(other.address()) && one.prefixLength() == other.prefixLength();
    }

    private static boolean same(Route one, Route other) {
        return one.destination().equals(other.destination())
                && one.table() == other.table()
                && one.ifindex() == other.ifindex()
                && one.gateway().equals(other.gateway());
    }
}
