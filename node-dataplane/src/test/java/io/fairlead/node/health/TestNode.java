package io.fairlead.node.health;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.DatapathSettler;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.endpoint.EndpointPublisher;
import io.fairlead.node.endpoint.IdentityAllocator;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.TestNetns;
import io.fairlead.node.status.Controllers;
import io.fairlead.node.wiring.NetlinkPodDevices;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A node in a namespace of its own whose kernel forwards for its pods, in the programs' place; its agent can be stopped
 * and started again.
 */
final class TestNode implements IdentityAllocator, EndpointPublisher, DatapathSettler, AutoCloseable {
    final TestNetns netns = new TestNetns();
    final LocalNode node;
    final Map<Ip, IdentityId> published = new ConcurrentHashMap<>();
    final Controllers controllers = new Controllers(Clock.systemUTC());
    volatile DesiredState state = DesiredState.NOTHING;
    EndpointManager endpoints;
    NodeHealth health;
    private final Netlink netlink;
    private final Path directory;

    TestNode(int number, Path directory) {
        this.directory = directory;
        node = new LocalNode(
                new NodeName("dev" + number),
                ClusterName.DEFAULT,
                Ip.parse("10.9.0." + number),
                List.of(Cidr.parse("10.244." + number + ".0/24")),
                List.of(Ip.parse("10.244." + number + ".1")));
        netlink = Netlink.inNamespace(netns.path());
        netns.ip("addr add " + node.routers().get(0) + "/32 dev lo");
        netns.status(
                "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0");
    }

    HealthNamespace namespace() {
        return HealthNamespace.of(node.name(), directory);
    }

    void start(HealthSettings settings) {
        endpoints = netns.run(() -> {
            EndpointManager manager = new EndpointManager(
                    new EndpointManager.Settings(directory, 1500, Duration.ofSeconds(20)),
                    new AddressPool(node.podCidrs(), new Random(node.address().low())),
                    new EndpointManager.Ports(new NetlinkPodDevices(netlink), this, this, this),
                    new Random(1));
            manager.start();
            health = new NodeHealth(
                    settings,
                    new NodeHealth.Surroundings(node, () -> state, manager, controllers, directory, new Random()));
            health.start();
            return manager;
        });
    }

    void stop() {
        health.close();
        endpoints.close();
    }

    @Override
    public IdentityId identityFor(Labels labels) {
        if (!labels.texts().equals(List.of("reserved:health"))) {
            throw new IllegalArgumentException("labels: " + labels + " (expected: reserved:health)");
        }
        return IdentityId.Reserved.HEALTH.id();
    }

    @Override
    public void release(IdentityId identity) {}

    @Override
    public void publish(Endpoint endpoint) {
        endpoint.ips().forEach(ip -> published.put(ip, endpoint.identity().orElseThrow()));
    }

    @Override
    public void withdraw(Ip ip) {
        published.remove(ip);
    }

    @Override
    public void prepare(Endpoint endpoint) {}

    @Override
    public void settle(Endpoint endpoint) {
        String device = endpoint.hostInterface();
        netns.status("sysctl -qw net.ipv4.conf." + device + ".forwarding=1 net.ipv4.conf." + device + ".arp_ignore=0"
                + " net.ipv4.conf." + device + ".rp_filter=0");
        netns.ip("route replace " + endpoint.ips().get(0) + "/32 dev " + device);
    }

    @Override
    public void adopt(Endpoint endpoint) {}

    @Override
    public void unsettle(Endpoint endpoint) {}

    Ip endpointAddress() {
        return endpoints.find(Attachment.HEALTH).orElseThrow().ips().get(0);
    }

    @Override
    public void close() {
        if (health != null) {
            stop();
        }
        namespace().remove();
        netlink.close();
        netns.close();
    }
}
