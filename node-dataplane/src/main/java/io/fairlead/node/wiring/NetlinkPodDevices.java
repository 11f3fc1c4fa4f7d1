package io.fairlead.node.wiring;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Mac;
import io.fairlead.node.endpoint.PodDevices;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.NetNs;
import io.fairlead.node.kernel.netlink.Netlink;
import java.util.List;
import java.util.Optional;

/**
 * Makes pods' veth pairs over netlink. The pod's end is born in the pod's namespace under its final name, so nothing has
 * to be moved or renamed, and a pod that has the interface already is refused before anything is there.
 *
 * <p>Calls must come from threads in the node's namespace; several may call at once.
 */
public final class NetlinkPodDevices implements PodDevices {
    // Every namespace has its loopback device first.
    private static final int LOOPBACK = 1;
    private static final int EEXIST = 17;

    private final Netlink node;

    /** @param node of the node's namespace; stays the caller's to close */
    public NetlinkPodDevices(Netlink node) {
        this.node = node;
    }

    @Override
    public Pair create(Spec spec) {
        refuseImpossible(spec);
        try (NetNs pod = NetNs.open(spec.netns())) {
            makePair(spec, pod);
            try {
                Link host = hostEnd(spec.hostInterface());
                Sysctls.write(PodWiring.hostSettings(spec.hostInterface()));
                Mac podMac = pod.run(() -> setUpPod(spec));
                node.setLink(host.index(), Link.Change.none().up(true));
                return new Pair(host.index(), podMac, mac(host));
            } catch (RuntimeException e) {
                undo(spec, e);
                throw e;
            }
        }
    }

    @Override
    public Optional<Pair> find(String hostInterface) {
        Optional<Link> host =
                node.link(hostInterface).filter(link -> link.kind().equals("veth"));
        if (host.isEmpty()) {
            return Optional.empty();
        }
        return node.peer(host.get()).map(pod -> new Pair(host.get().index(), mac(pod), mac(host.get())));
    }

    @Override
    public void delete(String hostInterface) {
        node.deleteLink(hostInterface);
    }

    @Override
    public List<String> check(Spec spec) {
        return new PodCheck(node, spec).differences();
    }

    private void makePair(Spec spec, NetNs pod) {
        try {
            node.addVeth(new Link.Veth(spec.hostInterface(), spec.podInterface(), pod.fd(), spec.mtu()));
        } catch (KernelException e) {
            if (e.errno() != EEXIST) {
                throw e;
            }
            String which = node.link(spec.hostInterface()).isPresent()
                    ? "the node has an interface " + spec.hostInterface()
                    : spec.netns() + " has an interface " + spec.podInterface();
            throw new KernelException(
                    "pod interface " + spec.podInterface(), EEXIST, "EEXIST (" + which + ")", FailureKind.GIVE_UP);
        }
    }

    private static Mac setUpPod(Spec spec) {
        Sysctls.write(PodWiring.podSettings(spec));
        try (Netlink pod = Netlink.open()) {
            Link end = pod.link(spec.podInterface())
                    .orElseThrow(() -> vanished(spec.podInterface() + " in " + spec.netns()));
            pod.apply(PodWiring.podRequests(spec, LOOPBACK, end.index()));
            return mac(end);
        }
    }

    private Link hostEnd(String name) {
        return node.link(name).orElseThrow(() -> vanished(name));
    }

    private void undo(Spec spec, RuntimeException cause) {
        try {
            node.deleteLink(spec.hostInterface());
        } catch (KernelException e) {
            cause.addSuppressed(e);
        }
    }

    private static void refuseImpossible(Spec spec) {
        try {
            DeviceNames.requireName(spec.hostInterface());
            DeviceNames.requireName(spec.podInterface());
        } catch (IllegalArgumentException e) {
            throw new KernelException(
                    "pod interface " + spec.podInterface(), 0, String.valueOf(e.getMessage()), FailureKind.GIVE_UP);
        }
        if (!NetNs.exists(spec.netns())) {
            throw new KernelException(
                    "pod interface " + spec.podInterface(),
                    0,
                    "network namespace \"" + spec.netns() + "\" (expected: an existing file such as /run/netns/NAME)",
                    FailureKind.GIVE_UP);
        }
    }

    private static KernelException vanished(String what) {
        return new KernelException("link get " + what, 0, "the device vanished while it was set up", FailureKind.RETRY);
    }

    private static Mac mac(Link link) {
        return link.mac()
                .orElseThrow(() -> new KernelException(
                        "link get " + link.name(), 0, "no MAC address (expected: six bytes)", FailureKind.GIVE_UP));
    }
}
