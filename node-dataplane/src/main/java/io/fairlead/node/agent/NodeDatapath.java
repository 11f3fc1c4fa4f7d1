package io.fairlead.node.agent;

import io.fairlead.node.datapath.DatapathMode;
import io.fairlead.node.datapath.LoadedDatapath;
import io.fairlead.node.datapath.Masquerade;
import io.fairlead.node.datapath.Release;
import io.fairlead.node.datapath.UpgradedLinks;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.bpf.BpfObject;
import io.fairlead.node.kernel.bpf.BpfSpec;
import io.fairlead.node.kernel.bpf.EndpointMap;
import io.fairlead.node.kernel.bpf.InterfaceMap;
import io.fairlead.node.kernel.bpf.IpcacheMap;
import io.fairlead.node.kernel.bpf.MetricsMap;
import io.fairlead.node.kernel.bpf.PolicyMap;
import io.fairlead.node.kernel.bpf.ProgramLinks;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.NetlinkMonitor;
import io.fairlead.node.kernel.netlink.NextHopTable;
import io.fairlead.node.kernel.netlink.Ownership;
import io.fairlead.node.kernel.netlink.RouteTable;
import io.fairlead.node.monitor.ToldIpcache;
import io.fairlead.node.monitor.ToldPolicies;
import io.fairlead.node.policy.PolicySwitch;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.reconcile.Translator;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.node.wiring.DirectRoutes;
import io.fairlead.node.wiring.HostDevices;
import io.fairlead.runtime.process.Lifecycle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;

/**
 * The node's part of the kernel: host devices, loaded programs, and the reconciler that keeps the tables.
 *
 * @param reconciler not started yet
 * @param metrics the datapath's counters
 * @param reachability what the reconciler believes about other nodes' addresses
 * @param loaded the programs, their maps and how they were set up
 * @param events what those who watch are told
 */
record NodeDatapath(
        Reconciler reconciler,
        MetricsMap metrics,
        DirectReachability reachability,
        LoadedDatapath loaded,
        NodeEvents events) {

    /** Whose process it is: where things that run over and over say how they go, and what ends them. */
    record Host(Controllers controllers, Lifecycle life) {}

    /**
     * Makes the devices be there and loads the programs; nothing is attached or written yet.
     *
     * @throws IllegalArgumentException listing what of the configuration does not go with this node
     */
    static NodeDatapath load(Netlink netlink, LocalNode node, NodeDevices devices, AgentConfig config, Host host)
            throws IOException {
        HostDevices.Ends ends = new HostDevices(netlink).ensure(node.routers(), devices.mtu(config.mtu()));
        Path pins = config.bpfRoot().resolve("links");
        Files.createDirectories(pins);
        LoadedDatapath loaded = LoadedDatapath.load(
                config.datapath(),
                new LoadedDatapath.Place(
                        node,
                        ends.host().ifindex(),
                        ends.host().mac(),
                        devices.links().stream().allMatch(link -> link.mac().isPresent())),
                config.stateDir(),
                config.bpfRoot());
        host.life().onClose("datapath", loaded);
        BpfSpec spec = loaded.spec();
        BpfObject object = loaded.object();
        PolicySwitch policies = new PolicySwitch(config.datapath().policy(), new SecureRandom().nextInt());
        NodeEvents events = NodeEvents.start(loaded, netlink, policies, host.life());
        UpgradedLinks links = new UpgradedLinks(new ProgramLinks(pins), object.upgrade());
        DirectReachability reachability = new DirectReachability(new DirectRoutes(netlink));
        Masquerade masquerade = new Masquerade(loaded, node, host.controllers());
        Reconciler reconciler = new Reconciler(
                tables(spec, object, links, netlink, events),
                translator(node, devices, config, ends, loaded, policies),
                reachability,
                masquerade.ground(new NodeGround(netlink, node, config, ends.host(), devices), netlink::addresses));
        host.life().onClose("reconciler", reconciler);
        host.life().onClose("masquerade", masquerade.watch(reconciler::resyncSoon));
        ToldPolicies told = new ToldPolicies(events.notices());
        reconciler.onReport(report -> told.round(reconciler.state(), reconciler.policies()));
        new Release(links, object.upgrade().maps()).when(reconciler);
        return new NodeDatapath(reconciler, new MetricsMap(spec, object.map("metrics")), reachability, loaded, events);
    }

    private static Map<TableId, KernelTable<?, ?>> tables(
            BpfSpec spec, BpfObject object, UpgradedLinks links, Netlink netlink, NodeEvents events) {
        IpcacheMap ipcache = new IpcacheMap(spec, object.map("ipcache"), object.map("generation"));
        return Map.of(
                TableId.POLICIES, new PolicyMap(spec, object.map("policies")),
                TableId.IPCACHE, new ToldIpcache(ipcache, events.notices()),
                TableId.ENDPOINTS, new EndpointMap(spec, object.map("endpoints")),
                TableId.INTERFACES, new InterfaceMap(spec, object.map("interfaces")),
                TableId.LINKS, links,
                TableId.NEXT_HOPS, new NextHopTable(netlink),
                TableId.ROUTES, new RouteTable(netlink));
    }

    private static Translator translator(
            LocalNode node,
            NodeDevices devices,
            AgentConfig config,
            HostDevices.Ends ends,
            LoadedDatapath loaded,
            PolicySwitch policies) {
        BpfObject object = loaded.object();
        DatapathMode.Masquerade masquerade = loaded.mode().masquerade();
        return new Translator(
                node,
                new Translator.Datapath(
                        ends.host().ifindex(),
                        HostDevices.HOST,
                        devices.byName(),
                        object.program("from_container").id(),
                        object.program("to_container").id(),
                        object.program("from_host").id(),
                        object.program("from_netdev").id(),
                        masquerade.ipv4() || masquerade.ipv6()
                                ? object.program("to_netdev").id()
                                : 0),
                new Translator.Routing(config.autoDirectNodeRoutes(), config.routableCidrs(), config.skipUnreachable()),
                policies,
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
