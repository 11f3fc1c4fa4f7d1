package io.fairlead.node.feed;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.policy.Policy;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.grpc.PolicyMessages;
import io.fairlead.node.desired.DesiredState.Source;
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
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The identity service's stream: which identity an address has, which labels an identity, and the policies.
 *
 * <p>A response is acknowledged once it is in the kernel; the acknowledgement says what of it is not, and is said again when
 * that changes. A policy that cannot be read keeps what was known of it.
 */
public final class IdentityFeed extends Subscription<StreamIdentitiesRequest, StreamIdentitiesResponse> {
    private static final Logger LOGGER = LoggerFactory.getLogger(IdentityFeed.class);

    private final NodeName node;
    private final IdentityServiceStub service;
    private final Reconciler reconciler;
    private final Assembly<Cidr, Peer> peers = new Assembly<>();
    private final Assembly<Integer, List<String>> identities = new Assembly<>();
    private final Assembly<PolicyName, Policy> policies = new Assembly<>();
    private final Map<PolicyName, String> unreadable = new TreeMap<>(); // owned by: the executor
    private volatile long version; // written by: the executor
    private String epoch = ""; // owned by: the executor
    private String heard = ""; // owned by: the executor; epoch of the last response
    private Runnable onAnotherStore = () -> {}; // owned by: the executor
    private long assembled; // version of what was taken in, owned by: the executor
    private long lastNonce; // owned by: the executor
    private boolean inSnapshot; // owned by: the executor
    private String lastError = ""; // owned by: the executor

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
        reconciler.onReport(report -> later(() -> acknowledgeAgain(report)));
        start();
    }

    /** Runs something on the executor when identities come of another life of the store, which may not know this node's. */
    public void onAnotherStore(Runnable listener) {
        later(() -> onAnotherStore = listener);
    }

    /** Revision of the store up to which everything is in the kernel. Any thread. */
    public long version() {
        return version;
    }

    @Override
    StreamObserver<StreamIdentitiesRequest> open(StreamObserver<StreamIdentitiesResponse> responses) {
        peers.restart();
        identities.restart();
        policies.restart();
        lastNonce = 0;
        inSnapshot = false;
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
        if (!heard.isEmpty() && !heard.equals(response.getEpoch())) {
            onAnotherStore.run();
        }
        heard = response.getEpoch();
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
        ready &= takePolicies(response);
        if (!ready) {
            return;
        }
        assembled = response.getVersion();
        // the content is taken when the round starts: one that is tried again must not bring back what is outdated
        whenInKernel(this::update, report -> {
            if (response.getNonce() > lastNonce) {
                version = response.getVersion();
                epoch = response.getEpoch();
                lastNonce = response.getNonce();
                acknowledge(error(report));
            }
        });
    }

    private CompletableFuture<Report> update() {
        Map<Cidr, Peer> newPeers = peers.content();
        Map<Integer, List<String>> newIdentities = identities.content();
        Map<PolicyName, Policy> newPolicies = policies.content();
        long revision = assembled;
        return reconciler.update(state -> state.withPeers(newPeers, newIdentities, newPolicies, revision));
    }

    private boolean takePolicies(StreamIdentitiesResponse response) {
        Map<PolicyName, Policy> upserts = new HashMap<>();
        if (response.getSnapshot() && !inSnapshot) {
            unreadable.clear();
        }
        inSnapshot = response.getSnapshot() && !response.getInSync();
        response.getPolicyUpsertsList().forEach(message -> read(message, upserts));
        List<PolicyName> removes = new ArrayList<>();
        for (io.fairlead.proto.policy.v1.PolicyName message : response.getPolicyRemovesList()) {
            PolicyName name = PolicyMessages.read(message);
            unreadable.remove(name);
            removes.add(name);
        }
        return policies.apply(response.getSnapshot(), response.getInSync(), upserts, removes);
    }

    /** What is not understood must not open what was closed: what was known of the policy stays, also in a snapshot. */
    private void read(io.fairlead.proto.policy.v1.Policy message, Map<PolicyName, Policy> into) {
        PolicyName name = PolicyMessages.read(message.getName());
        try {
            into.put(name, PolicyMessages.read(message));
            unreadable.remove(name);
        } catch (IllegalArgumentException e) {
            unreadable.put(name, String.valueOf(e.getMessage()));
            Policy known = policies.content().get(name);
            if (known != null) {
                into.put(name, known);
            }
            LOGGER.atWarn()
                    .addKeyValue("policy", name)
                    .addKeyValue("error", e.getMessage())
                    .log("policy cannot be read, what was known of it stays");
        }
    }

    @Override
    void startOver() {
        version = 0;
        epoch = "";
    }

    private void acknowledge(String error) {
        lastError = error;
        send(StreamIdentitiesRequest.newBuilder()
                .setAck(AckIdentities.newBuilder()
                        .setNonce(lastNonce)
                        .setVersion(version)
                        .setError(error))
                .build());
    }

    /** What failed before may work by now, and the other way round: who waits for a policy is to know. */
    private void acknowledgeAgain(Report report) {
        String error = error(report);
        if (lastNonce > 0 && !error.equals(lastError)) {
            acknowledge(error);
        }
    }

    /** What of all that was said is not in the kernel; empty when all is. */
    private String error(Report report) {
        List<String> errors = new ArrayList<>();
        unreadable.forEach((name, reason) -> errors.add("policy " + reason));
        new TreeMap<>(report.policyErrors())
                .forEach((identity, reason) ->
                        errors.add("identity " + Integer.toUnsignedString(identity) + ": " + reason));
        for (TableId table : TableId.values()) {
            Map<Object, String> failures = report.failures().getOrDefault(table, Map.of());
            if (table.source() == Source.ROUTES) {
                continue;
            }
            if (report.unreadable().containsKey(table)) {
                errors.add(table.label() + " cannot be read: "
                        + report.unreadable().get(table));
            } else if (!failures.isEmpty()) {
                errors.add(table.label() + ": " + failures.size() + " not written, one because: "
                        + failures.values().stream().sorted().findFirst().orElse(""));
            }
        }
        return String.join("; ", errors);
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
