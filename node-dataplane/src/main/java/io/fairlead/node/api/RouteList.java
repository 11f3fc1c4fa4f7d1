package io.fairlead.node.api;

import io.fairlead.contract.Cidr;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.reconcile.Tables;
import io.fairlead.proto.agent.v1.ListRoutesResponse;
import io.fairlead.proto.agent.v1.RouteEntry;
import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.RouteStatus;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.StatusRuntimeException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Every pod CIDR: where this node sends it, and which nodes have it in their kernel. */
final class RouteList {
    private final AgentView view;

    RouteList(AgentView view) {
        this.view = view;
    }

    ListRoutesResponse answer() {
        ListRoutesResponse.Builder answer = ListRoutesResponse.newBuilder();
        TreeMap<Cidr, RouteEntry.Builder> entries = new TreeMap<>();
        for (PeerRoute route : view.reconciler().state().routes().values()) {
            entries.put(
                    route.cidr(),
                    RouteEntry.newBuilder()
                            .setCidr(route.cidr().toString())
                            .setNextHop(route.nextHop().toString())
                            .setNodeName(route.nodeName())
                            .setClusterName(route.clusterName()));
        }
        here(entries);
        try {
            var listing = view.distributor()
                    .withDeadlineAfter(3, java.util.concurrent.TimeUnit.SECONDS)
                    .listRoutes(ListRoutesRequest.getDefaultInstance());
            listing.getRoutesList().forEach(status -> everywhere(status, entries));
        } catch (StatusRuntimeException e) {
            answer.setDistributorError(Statuses.text(e));
        }
        entries.values().forEach(answer::addRoutes);
        return answer.build();
    }

    private void here(Map<Cidr, RouteEntry.Builder> entries) {
        Tables observed = view.reconciler().observed();
        Map<Integer, String> devices = new HashMap<>();
        view.reconciler().nativeDevices().forEach((name, ifindex) -> devices.put(ifindex, name));
        entries.forEach((cidr, entry) -> {
            RouteTarget target = observed.routes().get(cidr);
            if (target instanceof RouteTarget.Via via) {
                NextHop hop = observed.nextHops().get(via.nextHopId());
                entry.setInstalledHere(true)
                        .setDevice(hop == null ? "" : devices.getOrDefault(hop.ifindex(), "if" + hop.ifindex()));
            } else if (target instanceof RouteTarget.Device) {
                entry.setInstalledHere(true).setDevice("fl_host");
            }
        });
    }

    private static void everywhere(RouteStatus status, Map<Cidr, RouteEntry.Builder> entries) {
        RouteEntry.Builder entry = entries.computeIfAbsent(
                Cidr.parse(status.getRoute().getCidr()),
                cidr -> RouteEntry.newBuilder()
                        .setCidr(cidr.toString())
                        .setNextHop(status.getRoute().getNextHop())
                        .setNodeName(status.getRoute().getNodeName())
                        .setClusterName(status.getRoute().getClusterName()));
        entry.addAllInstalled(status.getInstalledList());
        status.getFailedList().forEach(failure -> entry.addFailed(failure.getNodeName() + ": " + failure.getReason()));
    }
}
