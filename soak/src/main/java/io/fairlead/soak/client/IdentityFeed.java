package io.fairlead.soak.client;

import io.fairlead.proto.identity.v1.AckIdentities;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesResponse;
import io.fairlead.proto.identity.v1.SubscribeIdentities;
import io.fairlead.proto.policy.v1.PolicyName;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;

/** A node's identities, addresses and policies, in one table: keys of different kinds are of different classes. */
final class IdentityFeed extends Feed<StreamIdentitiesRequest, StreamIdentitiesResponse> {
    private final String node;
    private final Staging table;

    IdentityFeed(String node, int index, Services services, Dictionary dictionary) {
        super(services.identity(), services.clock(), index);
        this.node = node;
        this.table = new Staging(dictionary);
    }

    @Override
    StreamObserver<StreamIdentitiesRequest> open(Channel channel, StreamObserver<StreamIdentitiesResponse> observer) {
        return IdentityServiceGrpc.newStub(channel).streamIdentities(observer);
    }

    @Override
    StreamIdentitiesRequest subscribe(long resumeVersion, String resumeEpoch) {
        return StreamIdentitiesRequest.newBuilder()
                .setSubscribe(SubscribeIdentities.newBuilder()
                        .setNodeName(node)
                        .setResumeVersion(resumeVersion)
                        .setResumeEpoch(resumeEpoch))
                .build();
    }

    @Override
    StreamIdentitiesRequest acknowledge(long nonce, long version) {
        return StreamIdentitiesRequest.newBuilder()
                .setAck(AckIdentities.newBuilder().setNonce(nonce).setVersion(version))
                .build();
    }

    @Override
    Head head(StreamIdentitiesResponse response) {
        return new Head(
                response.getNonce(),
                response.getVersion(),
                response.getEpoch(),
                response.getSnapshot(),
                response.getInSync());
    }

    @Override
    void restart() {
        table.restart();
    }

    @Override
    void apply(StreamIdentitiesResponse response, boolean snapshot, boolean complete) {
        NodeTable now = table.open(snapshot, complete);
        response.getIpRemovesList().forEach(now::remove);
        response.getIdentityRemovesList().forEach(now::remove);
        response.getPolicyRemovesList().forEach(name -> now.remove(key(name)));
        response.getIpUpsertsList()
                .forEach(ip -> now.put(
                        ip.getPrefix(), new NodeTables.Ip(Integer.toUnsignedLong(ip.getIdentity()), ip.getHostIp())));
        response.getIdentityUpsertsList()
                .forEach(identity -> now.put(identity.getIdentity(), String.join(",", identity.getLabelsList())));
        response.getPolicyUpsertsList().forEach(policy -> now.put(key(policy.getName()), policy));
        table.done(complete);
    }

    private static NodeTables.PolicyKey key(PolicyName name) {
        return new NodeTables.PolicyKey(name.getKind(), name.getNamespace(), name.getName());
    }

    synchronized NodeTables withRoutes(RouteFeed routes) {
        return NodeTables.of(routes.routes(), table.content().toMap());
    }
}
