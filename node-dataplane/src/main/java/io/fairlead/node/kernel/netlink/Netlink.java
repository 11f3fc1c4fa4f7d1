package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import java.io.Closeable;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Devices, addresses, routes, next hops, neighbours and rules of one network namespace.
 *
 * <p>Calls block; several threads may call. Every failure is a {@link KernelException} with errno and the kernel's own
 * words.
 */
public final class Netlink implements Closeable {
    private final NetlinkSocket socket;

    private Netlink(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** In the namespace of the calling thread. */
    public static Netlink open() {
        return new Netlink(new NetlinkSocket());
    }

    /** In the namespace at a path. */
    public static Netlink inNamespace(String path) {
        return new Netlink(NetlinkSocket.inNamespace(path));
    }

    /** The socket, for tables and for telling one's own changes from those of others. */
    public NetlinkSocket socket() {
        return socket;
    }

    public List<Link> links() {
        return socket.dump("link list", Link::dump, Link::decode);
    }

    public Optional<Link> link(String name) {
        return link("link get " + name, Link.get(name));
    }

    public Optional<Link> link(int index) {
        return link("link get " + index, Link.get(index));
    }

    /** The other end of a pair, in whatever namespace it is. */
    public Optional<Link> peer(Link link) {
        return link.peerNamespace() < 0
                ? link(link.peer())
                : link("link get peer of " + link.name(), Link.get(link.peer(), link.peerNamespace()));
    }

    /** Makes a pair of devices; EEXIST when either name is taken. */
    public void addVeth(Link.Veth veth) {
        apply(veth.add());
    }

    public void setLink(int index, Link.Change change) {
        apply(Link.set(index, change));
    }

    /** Removes a device, a pair as a whole; false when there was none. */
    public boolean deleteLink(String name) {
        return gone(Link.delete(name));
    }

    /** Removes a device, a pair as a whole; false when there was none. */
    public boolean deleteLink(int index) {
        return gone(Link.delete(index));
    }

    /** Addresses of all devices. */
    public List<Addr> addresses() {
        return addresses(0);
    }

    /** Addresses of one device, 0 for all. */
    public List<Addr> addresses(int ifindex) {
        return socket.dump("address list", Addr.dump(ifindex), Addr::decode);
    }

    public void addAddress(Addr address) {
        apply(address.add());
    }

    public boolean deleteAddress(Addr address) {
        return gone(address.delete());
    }

    /** @param protocol whose routes, 0 for all; the kernel itself leaves out the others */
    public List<Route> routes(Ip.Family family, int protocol) {
        return socket.dump("route list", Route.dump(family, protocol), Route::decode);
    }

    /**
     * The route a packet of this machine would take.
     *
     * @throws KernelException ENETUNREACH or EHOSTUNREACH when there is none
     */
    public Route routeGet(Ip destination) {
        return socket.get("route get " + destination, Route.get(destination), Route::decode);
    }

    public void addRoute(Route route) {
        apply(route.add());
    }

    public boolean deleteRoute(Route route) {
        return gone(route.delete());
    }

    public List<NextHopObject> nextHops() {
        return socket.dump("nexthop list", NextHopObject::dump, NextHopObject::decode);
    }

    public Optional<NextHopObject> nextHop(int id) {
        return found("nexthop get id " + id, NextHopObject.get(id), NextHopObject::decode);
    }

    /** Neighbours of one device, 0 for all. */
    public List<Neigh> neighbours(int ifindex) {
        return socket.<Neigh>dump("neighbour list", Neigh.dump(ifindex), Neigh::decode);
    }

    public void setNeighbour(Neigh neighbour) {
        apply(neighbour.replace());
    }

    public boolean deleteNeighbour(Neigh neighbour) {
        return gone(neighbour.delete());
    }

    public List<Rule> rules(Ip.Family family) {
        return socket.dump("rule list", Rule.dump(family), Rule::decode);
    }

    public void addRule(Rule rule) {
        apply(rule.add());
    }

    public boolean deleteRule(Rule rule) {
        return gone(rule.delete());
    }

    /** Sends several requests in one go; throws the first failure. */
    public void apply(List<Request> requests) {
        socket.apply(requests);
    }

    @Override
    public void close() {
        socket.close();
    }

    private void apply(Request request) {
        socket.apply(List.of(request));
    }

    private Optional<Link> link(String attempt, Consumer<NlmsgWriter> get) {
        return found(attempt, get, Link::decode);
    }

    private <T> Optional<T> found(String attempt, Consumer<NlmsgWriter> get, Function<Nlmsg, T> decode) {
        try {
            return Optional.of(socket.get(attempt, get, decode));
        } catch (KernelException e) {
            if (isGone(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private boolean gone(Request request) {
        try {
            apply(request);
            return true;
        } catch (KernelException e) {
            if (isGone(e)) {
                return false;
            }
            throw e;
        }
    }

    private static boolean isGone(KernelException e) {
        return switch (e.errno()) {
            case Rtm.ENOENT, Rtm.ESRCH, Rtm.ENODEV, Rtm.EADDRNOTAVAIL -> true;
            default -> false;
        };
    }
}
