package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.bpf.BpfObject;
import io.fairlead.node.kernel.bpf.BpfSpec;
import io.fairlead.node.kernel.bpf.DatapathConfig;
import io.fairlead.node.kernel.bpf.EndpointMap;
import io.fairlead.node.kernel.bpf.InterfaceMap;
import io.fairlead.node.kernel.bpf.IpcacheMap;
import io.fairlead.node.kernel.bpf.MetricsMap;
import io.fairlead.node.kernel.bpf.ProgramLinks;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.NetlinkMonitor;
import io.fairlead.node.kernel.netlink.NextHopTable;
import io.fairlead.node.kernel.netlink.Ownership;
import io.fairlead.node.kernel.netlink.RouteTable;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.reconcile.Translator;
import io.fairlead.node.status.Controller;
import io.fairlead.node.wiring.DirectRoutes;
import io.fairlead.node.wiring.HostDevices;
import io.fairlead.runtime.process.Lifecycle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The node's part of the kernel: host devices, loaded programs, and the reconciler that keeps the tables.
 *
 * @param reconciler not started yet
 * @param metrics the datapath's counters
 * @param reachability what the reconciler believes about other nodes' addresses
 */
record NodeDatapath(Reconciler reconciler, MetricsMap metrics, DirectReachability reachability) {

    /** Makes the devices be there and loads the programs; nothing is attached or written yet. */
    static NodeDatapath load(Netlink netlink, LocalNode node, NodeDevices devices, AgentConfig config, Lifecycle life)
            throws IOException {
        HostDevices.Ends ends = new HostDevices(netlink).ensure(node.routers(), devices.mtu(config.mtu()));
        Path links = config.bpfRoot().resolve("links");
        Files.createDirectories(links);
        BpfSpec spec = BpfSpec.datapath();
        BpfObject object = BpfObject.load(
                spec,
                new DatapathConfig(
                        node.routers().stream().filter(Ip::isV4).findFirst(),
                        node.routers().stream().filter(ip -> !ip.isV4()).findFirst(),
                        ends.host().ifindex(),
                        ends.host().mac()),
                config.bpfRoot());
        life.onClose("datapath", object);
        DirectReachability reachability = new DirectReachability(new DirectRoutes(netlink));
        Reconciler reconciler = new Reconciler(
                Map.of(
                        TableId.IPCACHE, new IpcacheMap(spec, object.map("ipcache"), object.map("generation")),
                        TableId.ENDPOINTS, new EndpointMap(spec, object.map("endpoints")),
                        TableId.INTERFACES, new InterfaceMap(spec, object.map("interfaces")),
                        TableId.LINKS, new ProgramLinks(links),
                        TableId.NEXT_HOPS, new NextHopTable(netlink),
                        TableId.ROUTES, new RouteTable(netlink)),
                translator(node, devices, config, ends, object),
                reachability,
                new NodeGround(netlink, node, config, ends.host(), devices));
        life.onClose("reconciler", reconciler);
        return new NodeDatapath(reconciler, new MetricsMap(spec, object.map("metrics")), reachability);
    }

    private static Translator translator(
            LocalNode node, NodeDevices devices, AgentConfig config, HostDevices.Ends ends, BpfObject object) {
        return new Translator(
                node,
                new Translator.Datapath(
                        ends.host().ifindex(),
                        HostDevices.HOST,
                        devices.byName(),
                        object.program("from_container").id(),
                        object.program("to_container").id(),
                        object.program("from_host").id(),
                        object.program("from_netdev").id()),
                new Translator.Routing(config.autoDirectNodeRoutes(), config.nativeRoutingCidrs()),
                Ownership.FIRST_NEXT_HOP_ID,
                Ownership.LAST_NEXT_HOP_ID);
    }

    /** What to do when somebody else changed devices, addresses or routes. */
    NetlinkMonitor.Listener onKernelChange(Controller controller) {
        controller.succeeded();
        return new NetlinkMonitor.Listener() {
            @Override
            public void changed() {
                reachability.forget();
                controller.succeeded();
                reconciler.resyncSoon();
            }

            @Override
            public void overflowed() {
                changed();
            }

            @Override
            public void failed(KernelException failure) {
                controller.failed("changes are noticed only at intervals: " + failure.getMessage());
            }
        };
    }
}
