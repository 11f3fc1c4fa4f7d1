package io.fairlead.node.feed;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.status.Controller;
import io.fairlead.proto.route.v1.AckRoutes;
import io.fairlead.proto.route.v1.FailedRoute;
import io.fairlead.proto.route.v1.Route;
import io.fairlead.proto.route.v1.RouteServiceGrpc.RouteServiceStub;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.proto.route.v1.SubscribeRoutes;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The distributor's stream of routes; each response is acknowledged once it is in the kernel. */
public final class RouteFeed extends Subscription<StreamRoutesRequest, StreamRoutesResponse> {
    private static final Logger LOGGER = LoggerFactory.getLogger(RouteFeed.class);

    private final NodeName node;
    private final RouteServiceStub service;
    private final Reconciler reconciler;
    private final Assembly<Cidr, PeerRoute> routes = new Assembly<>();
    private Runnable onAnotherStore = () -> {}; // owned by: the executor
    private final Map<String, String> unreadable = new TreeMap<>(); // owned by: the executor
    private long version; // owned by: the executor
    private String epoch = ""; // owned by: the executor
    private String heard = ""; // owned by: the executor; epoch of the last response
    private long lastNonce; // owned by: the executor
    private List<FailedRoute> lastFailed = List.of(); // owned by: the executor
    private Report lastReport = Report.NONE; // owned by: the executor; what was said last is about

    public RouteFeed(
            NodeName node,
            RouteServiceStub service,
            Reconciler reconciler,
            Controller controller,
            ScheduledExecutorService executor,
            Backoff backoff) {
        super(controller, executor, backoff);
        this.node = node;
        this.service = service;
        this.reconciler = reconciler;
        reconciler.onReport(report -> later(() -> acknowledgeAgain(report)));
        start();
    }

    /** Runs something on the executor when routes come of another life of the store, which may not know this node. */
    public void onAnotherStore(Runnable listener) {
        later(() -> onAnotherStore = listener);
    }

    @Override
    StreamObserver<StreamRoutesRequest> open(StreamObserver<StreamRoutesResponse> responses) {
        routes.restart();
        lastNonce = 0;
        return service.streamRoutes(responses);
    }

    @Override
    StreamRoutesRequest greeting() {
        return StreamRoutesRequest.newBuilder()
                .setSubscribe(SubscribeRoutes.newBuilder()
                        .setNodeName(node.value())
                        .setResumeVersion(version)
                        .setResumeEpoch(epoch))
                .build();
    }

    @Override
    void receive(StreamRoutesResponse response) {
        if (!heard.isEmpty() && !heard.equals(response.getEpoch())) {
            LOGGER.atWarn().log("the store lost its state or went back; telling it again what this node has");
            onAnotherStore.run();
        }
        heard = response.getEpoch();
        Map<Cidr, PeerRoute> upserts = new HashMap<>();
        if (response.getSnapshot()) {
            unreadable.clear();
        }
        for (Route route : response.getUpsertsList()) {
            read(route, upserts);
        }
        List<Cidr> removes = new ArrayList<>();
        for (String cidr : response.getRemovesList()) {
            unreadable.remove(cidr);
            Assembly.read(cidr, Cidr::parse).ifPresent(removes::add);
        }
        if (!routes.apply(response.getSnapshot(), response.getInSync(), upserts, removes)) {
            return;
        }
        checkCount(response);
        // the content is taken when the round starts: one that is tried again must not bring back what is outdated
        whenInKernel(() -> update(routes.content()), report -> {
            if (response.getNonce() > lastNonce) {
                version = response.getVersion();
                epoch = response.getEpoch();
                lastNonce = response.getNonce();
                acknowledge(report);
            }
        });
    }

    /** Something was lost on the way, or never sent: nothing is done with what is there, all is asked for anew. */
    private void checkCount(StreamRoutesResponse response) {
        long missing =
                unreadable.keySet().stream().filter(text -> !isThere(text)).count();
        long counted = routes.content().size() + missing;
        if (response.hasEntries() && response.getEntries() != counted) {
            throw new IllegalStateException("routes: " + counted + " at version " + response.getVersion()
                    + " (expected: " + response.getEntries() + ", as the distributor counts)");
        }
    }

    /** Whether what was said before of a route that cannot be read now is still there. */
    private boolean isThere(String text) {
        try {
            Cidr cidr = Cidr.parse(text);
            return routes.content().containsKey(cidr) && text.equals(cidr.toString());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private CompletableFuture<Report> update(Map<Cidr, PeerRoute> content) {
        return reconciler.update(state -> state.withRoutes(content));
    }

    @Override
    void startOver() {
        version = 0;
        epoch = "";
    }

    /** One bad entry must not stop the others: it is left out and said back. */
    private void read(Route route, Map<Cidr, PeerRoute> upserts) {
        try {
            Cidr cidr = Cidr.parse(route.getCidr());
            Ip nextHop = Ip.parse(route.getNextHop());
            if (nextHop.family() != cidr.family() || !nextHop.isUnicast()) {
                throw new IllegalArgumentException(
                        "next hop: " + nextHop + " (expected: a unicast address of the family of " + cidr + ")");
            }
            upserts.put(cidr, new PeerRoute(cidr, nextHop, route.getNodeName(), route.getClusterName()));
            unreadable.remove(route.getCidr());
        } catch (IllegalArgumentException e) {
            unreadable.put(route.getCidr(), String.valueOf(e.getMessage()));
            LOGGER.atWarn()
                    .addKeyValue("cidr", route.getCidr())
                    .addKeyValue("error", e.getMessage())
                    .log("route left out");
        }
    }

    private void acknowledge(Report report) {
        lastFailed = failed(report);
        lastReport = report;
        send(StreamRoutesRequest.newBuilder()
                .setAck(AckRoutes.newBuilder()
                        .setNonce(lastNonce)
                        .setVersion(version)
                        .addAllFailed(lastFailed))
                .build());
    }

    /** What failed before may work by now, and the other way round: the distributor is to know. */
    private void acknowledgeAgain(Report report) {
        // rounds in which nothing fails otherwise than before say so with the very same objects
        boolean same = report.refused() == lastReport.refused()
                && report.routeFailures() == lastReport.routeFailures()
                && report.unreadable().equals(lastReport.unreadable());
        if (lastNonce > 0 && !same) {
            if (failed(report).equals(lastFailed)) {
                lastReport = report;
            } else {
                acknowledge(report);
            }
        }
    }

    private List<FailedRoute> failed(Report report) {
        if (unreadable.isEmpty()
                && report.unreadable().isEmpty()
                && report.refused().isEmpty()
                && report.routeFailures().isEmpty()) {
            return List.of();
        }
        Map<String, String> reasons = new TreeMap<>(unreadable);
        for (TableId table : List.of(TableId.NEXT_HOPS, TableId.ROUTES)) {
            // what cannot be read was not written either
            String reason = report.unreadable().get(table);
            if (reason != null) {
                routes.content().keySet().forEach(cidr -> reasons.put(cidr.toString(), reason));
            }
        }
        report.refused().forEach((cidr, reason) -> reasons.put(cidr.toString(), reason));
        report.routeFailures().forEach((cidr, reason) -> reasons.put(cidr.toString(), reason));
        List<FailedRoute> failed = new ArrayList<>();
        reasons.forEach((cidr, reason) -> failed.add(
                FailedRoute.newBuilder().setCidr(cidr).setReason(reason).build()));
        return failed;
    }
}
