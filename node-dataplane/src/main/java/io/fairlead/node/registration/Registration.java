package io.fairlead.node.registration;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.status.Controller;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc.IpamServiceBlockingStub;
import io.fairlead.proto.ipam.v1.NodeAddress;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers the node with the ipam service.
 *
 * <p>The first time the agent waits for it. Later what was agreed holds from the start, and is confirmed in the
 * background: a node's pod CIDR never changes under its pods.
 */
public final class Registration {
    private static final Logger LOGGER = LoggerFactory.getLogger(Registration.class);

    private final IpamServiceBlockingStub service;
    private final Controller controller;
    private final Backoff backoff;
    private final NodeFile file;

    /**
     * @param service a stub whose calls end: it has a deadline
     * @param controller where outcomes are noted
     */
    public Registration(IpamServiceBlockingStub service, Path stateDir, Controller controller, Backoff backoff) {
        this.service = service;
        this.controller = controller;
        this.backoff = backoff;
        this.file = new NodeFile(stateDir);
    }

    /**
     * What this node is: from the disk when it was agreed before, else from the service, for which it waits.
     *
     * @param executor where a former agreement is confirmed in the background
     * @throws InterruptedException when told to stop waiting
     */
    public LocalNode register(NodeName name, Ip address, ScheduledExecutorService executor)
            throws InterruptedException {
        Optional<LocalNode> agreed = file.read(name, address);
        if (agreed.isPresent()) {
            executor.execute(() -> confirm(agreed.get(), executor));
            return agreed.get();
        }
        while (true) {
            try {
                LocalNode node = agree(name, address);
                controller.succeeded();
                return node;
            } catch (StatusRuntimeException | IllegalArgumentException | IOException e) {
                controller.failed("required IPv4 PodCIDR not available: " + e.getMessage());
                TimeUnit.MILLISECONDS.sleep(backoff.next().toMillis());
            }
        }
    }

    /** Says again what was agreed, in the background, until the service agrees: the store may have lost it. */
    public void again(LocalNode node, ScheduledExecutorService executor) {
        executor.execute(() -> confirm(node, executor));
    }

    /** Asks for a pod CIDR, then says which address of it is the router's. */
    private LocalNode agree(NodeName name, Ip address) throws IOException {
        RegisterNodeResponse response = service.registerNode(request(name, address, List.of(), List.of()));
        List<Cidr> podCidrs =
                response.getPodCidrsList().stream().map(Cidr::parse).toList();
        if (podCidrs.isEmpty()) {
            throw new IllegalArgumentException("pod CIDRs of node " + name + ": none (expected: at least one)");
        }
        List<Ip> routers = podCidrs.stream().map(cidr -> cidr.address().plus(1)).toList();
        LocalNode node = new LocalNode(name, new ClusterName(response.getClusterName()), address, podCidrs, routers);
        service.registerNode(request(name, address, podCidrs, routers));
        file.write(node);
        LOGGER.atInfo()
                .addKeyValue("node", node.fullName())
                .addKeyValue("podCidrs", podCidrs)
                .addKeyValue("router", routers)
                .log("node registered");
        return node;
    }

    private void confirm(LocalNode node, ScheduledExecutorService executor) {
        try {
            RegisterNodeResponse response =
                    service.registerNode(request(node.name(), node.address(), node.podCidrs(), node.routers()));
            List<String> agreed =
                    node.podCidrs().stream().map(Cidr::toString).sorted().toList();
            List<String> given = response.getPodCidrsList().stream().sorted().toList();
            if (given.equals(agreed)) {
                controller.succeeded();
                return;
            }
            controller.failed("the ipam service says pod CIDRs " + given + ", this node's pods have " + agreed
                    + " (expected: the same; delete the node's pods and its node.json to take the new ones)");
        } catch (StatusRuntimeException e) {
            controller.failed(String.valueOf(e.getMessage()));
        }
        var unused =
                executor.schedule(() -> confirm(node, executor), backoff.next().toMillis(), TimeUnit.MILLISECONDS);
    }

    private static RegisterNodeRequest request(NodeName name, Ip address, List<Cidr> podCidrs, List<Ip> routers) {
        List<NodeAddress> addresses = new ArrayList<>();
        addresses.add(NodeAddress.newBuilder()
                .setType(NodeAddress.Type.TYPE_INTERNAL_IP)
                .setIp(address.toString())
                .build());
        routers.forEach(router -> addresses.add(NodeAddress.newBuilder()
                .setType(NodeAddress.Type.TYPE_ROUTER_IP)
                .setIp(router.toString())
                .build()));
        return RegisterNodeRequest.newBuilder()
                .setNodeName(name.value())
                .addAllAddresses(addresses)
                .addAllRequestedPodCidrs(podCidrs.stream().map(Cidr::toString).toList())
                .build();
    }
}
