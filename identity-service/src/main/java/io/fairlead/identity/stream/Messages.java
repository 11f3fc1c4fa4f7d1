package io.fairlead.identity.stream;

import com.google.protobuf.MessageLite;
import com.google.protobuf.UnknownFieldSet;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.policy.grpc.PolicyMessages;
import io.fairlead.identity.stream.TableValue.AddressIdentity;
import io.fairlead.identity.stream.TableValue.LabelSet;
import io.fairlead.identity.stream.TableValue.PolicyRules;
import io.fairlead.proto.identity.v1.Identity;
import io.fairlead.proto.identity.v1.IpIdentity;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesResponse;
import io.fairlead.proto.identity.v1.SubscribeIdentities;
import io.fairlead.runtime.stream.Change;
import io.fairlead.runtime.stream.Chunk;
import io.fairlead.runtime.stream.FromNode;
import java.util.Map;

/** The table and the nodes' messages, as values and as protobuf. */
final class Messages {
    private Messages() {}

    static FromNode read(StreamIdentitiesRequest request) {
        return switch (request.getMessageCase()) {
            case SUBSCRIBE -> {
                SubscribeIdentities subscribe = request.getSubscribe();
                yield new FromNode.Subscribe(
                        new NodeName(subscribe.getNodeName()),
                        subscribe.getResumeVersion(),
                        subscribe.getResumeEpoch());
            }
            case ACK -> {
                String error = request.getAck().getError();
                yield new FromNode.Ack(request.getAck().getNonce(), error.isEmpty() ? Map.of() : Map.of("", error));
            }
            case MESSAGE_NOT_SET -> throw new IllegalArgumentException("request: empty (expected: subscribe or ack)");
        };
    }

    static MessageLite response(Chunk<TableKey, TableValue> chunk) {
        UnknownFieldSet.Field.Builder policies = UnknownFieldSet.Field.newBuilder();
        StreamIdentitiesResponse.Builder response = StreamIdentitiesResponse.newBuilder()
                .setVersion(chunk.version())
                .setEpoch(chunk.epoch())
                .setSnapshot(chunk.snapshot())
                .setInSync(chunk.inSync());
        for (Change<TableKey, TableValue> change : chunk.changes()) {
            if (change instanceof Change.Upsert<TableKey, TableValue> upsert) {
                add(response, policies, upsert.key(), upsert.value());
            } else if (change.key() instanceof TableKey.Address address) {
                response.addIpRemoves(address.prefix().toString());
            } else if (change.key() instanceof TableKey.Identity number) {
                response.addIdentityRemoves(number.id().value());
            } else if (change.key() instanceof TableKey.PolicyKey policy) {
                response.addPolicyRemoves(PolicyMessages.message(policy.name()));
            }
        }
        // policies are encoded already: as fields of that number they are the same bytes
        response.setUnknownFields(UnknownFieldSet.newBuilder()
                .addField(StreamIdentitiesResponse.POLICY_UPSERTS_FIELD_NUMBER, policies.build())
                .build());
        return response.build();
    }

    private static void add(
            StreamIdentitiesResponse.Builder response,
            UnknownFieldSet.Field.Builder policies,
            TableKey key,
            TableValue value) {
        if (key instanceof TableKey.Address address && value instanceof AddressIdentity identity) {
            response.addIpUpserts(IpIdentity.newBuilder()
                    .setPrefix(address.prefix().toString())
                    .setIdentity(identity.id().value())
                    .setHostIp(identity.host().map(Ip::toString).orElse(""))
                    .setNamespace(identity.namespace())
                    .setPodName(identity.podName())
                    .setSource(identity.source().text()));
        } else if (key instanceof TableKey.Identity number && value instanceof LabelSet labels) {
            response.addIdentityUpserts(Identity.newBuilder()
                    .setIdentity(number.id().value())
                    .addAllLabels(labels.labels().texts()));
        } else if (value instanceof PolicyRules rules) {
            policies.addLengthDelimited(rules.message());
        }
    }
}
