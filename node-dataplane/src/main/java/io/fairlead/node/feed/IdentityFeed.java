package io.fairlead.node.feed;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.Peer;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.status.Controller;
import io.fairlead.proto.identity.v1.AckIdentities;
import io.fairlead.proto.identity.v1.Identity;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc.IdentityServiceStub;
import io.fairlead.proto.identity.v1.IpIdentity;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesResponse;
import io.fairlead.proto.identity.v1.SubscribeIdentities;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The identity service's stream: which identity an address has, and which labels an identity. */
public final class IdentityFeed extends Subscription<StreamIdentitiesRequest, StreamIdentitiesResponse> {
    private static final Logger LOGGER = LoggerFactory.getLogger(IdentityFeed.class);

    private final NodeName node;
    private final IdentityServiceStub service;
    private final Reconciler reconciler;
    private final Assembly<Cidr, Peer> peers = new Assembly<>();
    private final Assembly<Integer, List<String>> identities = new Assembly<>();
    private long version; // owned by: the executor
    private String epoch = ""; // owned by: the executor
    private long lastNonce; // owned by: the executor

    public IdentityFeed(
            NodeName node,
            IdentityServiceStub service,
            Reconciler reconciler,
            Controller controller,
            ScheduledExecutorService executor,
            Backoff backoff) {
        super(controller, executor, backoff);
        this.node = node;
        this.service = service;
        this.reconciler = reconciler;
        start();
    }

    @Override
    StreamObserver<StreamIdentitiesRequest> open(StreamObserver<StreamIdentitiesResponse> responses) {
        peers.restart();
        identities.restart();
        lastNonce = 0;
        return service.streamIdentities(responses);
    }

    @Override
    StreamIdentitiesRequest greeting() {
        return StreamIdentitiesRequest.newBuilder()
                .setSubscribe(SubscribeIdentities.newBuilder()
                        .setNodeName(node.value())
                        .setResumeVersion(version)
                        .setResumeEpoch(epoch))
                .build();
    }

    @Override
    void receive(StreamIdentitiesResponse response) {
        Map<Cidr, Peer> newPeers = new HashMap<>();
        response.getIpUpsertsList().forEach(entry -> read(entry, newPeers));
        List<Cidr> gonePeers = new ArrayList<>();
        response.getIpRemovesList()
                .forEach(prefix -> Assembly.read(prefix, Cidr::parse).ifPresent(gonePeers::add));
        Map<Integer, List<String>> newIdentities = new HashMap<>();
        for (Identity identity : response.getIdentityUpsertsList()) {
            newIdentities.put(identity.getIdentity(), List.copyOf(identity.getLabelsList()));
        }
        boolean snapshot = response.getSnapshot();
        boolean complete = response.getInSync();
        boolean ready = peers.apply(snapshot, complete, newPeers, gonePeers);
        ready &= identities.apply(snapshot, complete, newIdentities, response.getIdentityRemovesList());
        if (!ready) {
            return;
        }
        // the content is taken when the round starts: one that is tried again must not bring back what is outdated
        whenInKernel(() -> update(peers.content(), identities.content()), report -> {
            if (response.getNonce() > lastNonce) {
                acknowledge(response, report);
            }
        });
    }

    private CompletableFuture<Report> update(Map<Cidr, Peer> newPeers, Map<Integer, List<String>> newIdentities) {
        return reconciler.update(state -> state.withPeers(newPeers, newIdentities));
    }

    @Override
    void startOver() {
        version = 0;
        epoch = "";
    }

    private void acknowledge(StreamIdentitiesResponse response, Report report) {
        version = response.getVersion();
        epoch = response.getEpoch();
        lastNonce = response.getNonce();
        int failures = report.failures().getOrDefault(TableId.IPCACHE, Map.of()).size();
        send(StreamIdentitiesRequest.newBuilder()
                .setAck(AckIdentities.newBuilder()
                        .setNonce(lastNonce)
                        .setVersion(version)
                        .setError(failures == 0 ? "" : failures + " entries of the ipcache could not be written"))
                .build());
    }

    private static void read(IpIdentity entry, Map<Cidr, Peer> into) {
        try {
            Optional<Ip> host =
                    entry.getHostIp().isEmpty() ? Optional.empty() : Optional.of(Ip.parse(entry.getHostIp()));
            into.put(
                    Cidr.parse(entry.getPrefix()),
                    new Peer(
                            new IpcacheEntry(new IdentityId(entry.getIdentity()), host),
                            entry.getNamespace(),
                            entry.getPodName(),
                            entry.getSource()));
        } catch (IllegalArgumentException e) {
            LOGGER.atWarn()
                    .addKeyValue("prefix", entry.getPrefix())
                    .addKeyValue("error", e.getMessage())
                    .log("identity of an address left out");
        }
    }
}
