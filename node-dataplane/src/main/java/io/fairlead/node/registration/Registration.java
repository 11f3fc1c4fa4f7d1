package io.fairlead.node.registration;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.PodBlock;
import io.fairlead.node.status.Controller;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc.IpamServiceBlockingStub;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
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

    private final IpamCalls ipam;
    private final Controller controller;
    private final Backoff backoff;
    private final NodeFile file;
    private final AtomicBoolean confirming = new AtomicBoolean();

    /**
     * What the node is.
     *
     * @param node as it starts
     * @param blocks its pods' addresses
     * @param held what keeps its blocks in step with the service
     */
    public record Registered(LocalNode node, List<PodBlock> blocks, Held held) {}

    /** What was agreed, for the parts that go on with it. */
    public static final class Held {
        private final Wanted wanted;
        private final Holdings holdings;
        private final IpamCalls ipam;

        private Held(Wanted wanted, Holdings holdings, IpamCalls ipam) {
            this.wanted = wanted;
            this.holdings = holdings;
            this.ipam = ipam;
        }

        Wanted wanted() {
            return wanted;
        }

        Holdings holdings() {
            return holdings;
        }

        IpamCalls ipam() {
            return ipam;
        }
    }

    /**
     * @param service a stub whose calls end: it has a deadline
     * @param controller where outcomes are noted
     */
    public Registration(IpamServiceBlockingStub service, Path stateDir, Controller controller, Backoff backoff) {
        this.ipam = new IpamCalls(service);
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
    public Registered register(Wanted wanted, ScheduledExecutorService executor) throws InterruptedException {
        Optional<Agreement> agreed = file.read(wanted.name());
        if (agreed.filter(a -> a.families().containsAll(wanted.families())).isPresent()) {
            Registered registered = registered(wanted, new Holdings(file, agreed.get()));
            again(registered, executor);
            return registered;
        }
        while (true) {
            try {
                Agreement agreement = agree(wanted, agreed);
                controller.succeeded();
                return registered(wanted, new Holdings(file, agreement));
            } catch (StatusRuntimeException | IllegalArgumentException | IOException e) {
                controller.failed(
                        "required " + families(wanted.families()) + " PodCIDR not available: " + e.getMessage());
                TimeUnit.MILLISECONDS.sleep(backoff.next().toMillis());
            }
        }
    }

    private Registered registered(Wanted wanted, Holdings holdings) {
        Agreement agreement =
                holdings.change(a -> a.withRouters(Routers.of(a.blocks(), a.routers(), wanted.onDevice())));
        List<PodBlock> blocks = agreement.blocks().stream()
                .filter(block -> wanted.families().contains(block.cidr().family()))
                .toList();
        return new Registered(agreement.node(wanted), blocks, new Held(wanted, holdings, ipam));
    }

    /** Says again what was agreed, in the background, until the service agrees: the store may have lost it. */
    public void again(Registered registered, ScheduledExecutorService executor) {
        again(registered.held(), executor);
    }

    void again(Held held, ScheduledExecutorService executor) {
        if (confirming.compareAndSet(false, true)) {
            executor.execute(() -> confirmUntilAgreed(held, executor));
        }
    }

    /** Asks for pod CIDRs, then says which addresses of them are the router's. */
    private Agreement agree(Wanted wanted, Optional<Agreement> former) throws IOException {
        List<Cidr> has = former.map(Agreement::podCidrs).orElse(List.of());
        List<Ip> routers = former.map(Agreement::routers).orElse(List.of());
        RegisterNodeResponse response = ipam.register(wanted, has, routers);
        List<PodBlock> blocks = new ArrayList<>(former.map(Agreement::blocks).orElse(List.of()));
        for (String text : response.getPodCidrsList()) {
            Cidr cidr = Cidr.parse(text);
            boolean returned = former.stream()
                    .flatMap(a -> a.returning().stream())
                    .anyMatch(block -> block.cidr().equals(cidr));
            if (!has.contains(cidr) && !returned) {
                blocks.add(ipam.block(cidr, wanted.pool()));
            }
        }
        Agreement agreement = new Agreement(
                wanted.name(),
                new ClusterName(response.getClusterName()),
                blocks,
                Routers.of(blocks, routers, wanted.onDevice()),
                former.map(Agreement::asked).orElse(List.of()),
                former.map(Agreement::returning).orElse(List.of()));
        Set<Ip.Family> missing = new TreeSet<>(wanted.families());
        missing.removeAll(agreement.families());
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("pod CIDRs of node " + wanted.name() + ": " + agreement.podCidrs()
                    + " (expected: at least one of " + families(missing) + ")");
        }
        ipam.register(wanted, agreement.podCidrs(), agreement.routers());
        file.write(agreement);
        LOGGER.atInfo()
                .addKeyValue("node", agreement.cluster() + "/" + wanted.name())
                .addKeyValue("podCidrs", agreement.podCidrs())
                .addKeyValue("router", agreement.routers())
                .log("node registered");
        return agreement;
    }

    private void confirmUntilAgreed(Held held, ScheduledExecutorService executor) {
        if (confirm(held)) {
            confirming.set(false);
            return;
        }
        var unused = executor.schedule(
                () -> confirmUntilAgreed(held, executor), backoff.next().toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Says once what was agreed. A block the service says is the node's and that it does not know, it takes. */
    private boolean confirm(Held held) {
        try {
            Agreement agreement = held.holdings().now();
            RegisterNodeResponse response = ipam.register(held.wanted(), agreement.podCidrs(), agreement.routers());
            List<Cidr> given = response.getPodCidrsList().stream()
                    .map(Cidr::parse)
                    .sorted()
                    .toList();
            if (!given.containsAll(agreement.podCidrs())) {
                controller.failed("the ipam service says pod CIDRs " + given + ", this node's pods have "
                        + agreement.podCidrs()
                        + " (expected: the same; delete the node's pods and its node.json to take the new ones)");
                return false;
            }
            List<PodBlock> more = given.stream()
                    .filter(cidr -> !agreement.podCidrs().contains(cidr)
                            && agreement.returning().stream()
                                    .noneMatch(block -> block.cidr().equals(cidr)))
                    .map(cidr -> ipam.block(cidr, held.wanted().pool()))
                    .toList();
            held.holdings().change(a -> a.withBlocks(more));
            controller.succeeded();
            return true;
        } catch (StatusRuntimeException | IllegalArgumentException | UncheckedIOException e) {
            controller.failed(String.valueOf(e.getMessage()));
            return false;
        }
    }

    private static String families(Set<Ip.Family> families) {
        return families.stream()
                .sorted()
                .map(family -> family == Ip.Family.V4 ? "IPv4" : "IPv6")
                .collect(Collectors.joining(" and "));
    }
}
