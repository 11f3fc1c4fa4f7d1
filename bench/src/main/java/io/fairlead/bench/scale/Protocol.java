package io.fairlead.bench.scale;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.fairlead.proto.identity.v1.AckIdentities;
import io.fairlead.proto.identity.v1.Identity;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.IpIdentity;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesResponse;
import io.fairlead.proto.identity.v1.SubscribeIdentities;
import io.fairlead.proto.route.v1.AckRoutes;
import io.fairlead.proto.route.v1.Route;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.proto.route.v1.SubscribeRoutes;
import io.grpc.MethodDescriptor;
import java.util.Map;

/**
 * One of the two streams.
 *
 * @param <Q> its requests
 * @param method the generated one
 * @param fields numbers of its response's fields
 */
record Protocol<Q>(MethodDescriptor<Q, ?> method, Reply.Fields fields, Words<Q> words) {

    /** What nodes say and how they understand. */
    interface Words<Q> {
        Q subscribe(String node, long version, String epoch);

        Q acknowledge(long nonce, long version);

        /** Takes a response into a table of texts. */
        void apply(ByteString response, Map<String, String> table) throws InvalidProtocolBufferException;
    }

    static final Protocol<StreamRoutesRequest> ROUTES =
            new Protocol<>(RouteServiceGrpc.getStreamRoutesMethod(), new Reply.Fields(7, 8), new RouteWords());

    static final Protocol<StreamIdentitiesRequest> IDENTITIES = new Protocol<>(
            IdentityServiceGrpc.getStreamIdentitiesMethod(), new Reply.Fields(9, 0), new IdentityWords());

    /** The method as a simulated node sees it. */
    MethodDescriptor<Q, Reply> method(boolean whole) {
        return method.toBuilder(method.getRequestMarshaller(), new Reply.Marshaller(fields, whole))
                .build();
    }

    private static final class RouteWords implements Words<StreamRoutesRequest> {
        @Override
        public StreamRoutesRequest subscribe(String node, long version, String epoch) {
            return StreamRoutesRequest.newBuilder()
                    .setSubscribe(SubscribeRoutes.newBuilder()
                            .setNodeName(node)
                            .setResumeVersion(version)
                            .setResumeEpoch(epoch))
                    .build();
        }

        @Override
        public StreamRoutesRequest acknowledge(long nonce, long version) {
            return StreamRoutesRequest.newBuilder()
                    .setAck(AckRoutes.newBuilder().setNonce(nonce).setVersion(version))
                    .build();
        }

        @Override
        public void apply(ByteString response, Map<String, String> table) throws InvalidProtocolBufferException {
            StreamRoutesResponse routes = StreamRoutesResponse.parseFrom(response);
            for (Route route : routes.getUpsertsList()) {
                table.put(route.getCidr(), route.getNextHop());
            }
            routes.getRemovesList().forEach(table::remove);
        }
    }

    private static final class IdentityWords implements Words<StreamIdentitiesRequest> {
        @Override
        public StreamIdentitiesRequest subscribe(String node, long version, String epoch) {
            return StreamIdentitiesRequest.newBuilder()
                    .setSubscribe(SubscribeIdentities.newBuilder()
                            .setNodeName(node)
                            .setResumeVersion(version)
                            .setResumeEpoch(epoch))
                    .build();
        }

        @Override
        public StreamIdentitiesRequest acknowledge(long nonce, long version) {
            return StreamIdentitiesRequest.newBuilder()
                    .setAck(AckIdentities.newBuilder().setNonce(nonce).setVersion(version))
                    .build();
        }

        @Override
        public void apply(ByteString response, Map<String, String> table) throws InvalidProtocolBufferException {
            StreamIdentitiesResponse said = StreamIdentitiesResponse.parseFrom(response);
            for (IpIdentity ip : said.getIpUpsertsList()) {
                table.put(ip.getPrefix(), Integer.toUnsignedString(ip.getIdentity()));
            }
            said.getIpRemovesList().forEach(table::remove);
            for (Identity identity : said.getIdentityUpsertsList()) {
                table.put("id " + identity.getIdentity(), String.join(";", identity.getLabelsList()));
            }
            said.getIdentityRemovesList().forEach(id -> table.remove("id " + id));
        }
    }
}
