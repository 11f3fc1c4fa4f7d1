package io.fairlead.routes.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.SubscribeRoutes;
import io.fairlead.runtime.grpc.tls.Caller;
import org.junit.jupiter.api.Test;

final class NodeRightsTest {
    private static String subscribe(Caller caller, String node) {
        StreamRoutesRequest request = StreamRoutesRequest.newBuilder()
                .setSubscribe(SubscribeRoutes.newBuilder().setNodeName(node))
                .build();
        return NodeRights.rights()
                .refusal(caller, RouteServiceGrpc.getStreamRoutesMethod(), request)
                .result()
                .orElse("");
    }

    @Test
    void everyMethodHasARule() {
        assertThat(RouteServiceGrpc.getServiceDescriptor().getMethods())
                .allSatisfy(method -> assertThat(NodeRights.rights().names(method))
                        .as(method.getFullMethodName())
                        .isTrue());
    }

    @Test
    void aNodeSubscribesAsItselfAlone() {
        Caller dev1 = new Caller(Caller.Kind.NODE, "dev1");
        assertThat(subscribe(dev1, "dev1")).isEmpty();
        assertThat(subscribe(dev1, "dev2")).isEqualTo("node:dev1 may not subscribe as dev2 (expected: its own name)");
        assertThat(subscribe(new Caller(Caller.Kind.SERVICE, "ipam"), "dev1")).contains("may not call");
    }
}
