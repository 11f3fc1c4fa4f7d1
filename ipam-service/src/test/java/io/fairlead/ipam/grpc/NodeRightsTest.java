package io.fairlead.ipam.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.proto.ipam.v1.AddPodCidrRequest;
import io.fairlead.proto.ipam.v1.AddPoolCidrsRequest;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.ListNodesRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.ReleaseNodeRequest;
import io.fairlead.proto.ipam.v1.ReturnPodCidrRequest;
import io.fairlead.runtime.grpc.tls.Caller;
import io.grpc.MethodDescriptor;
import org.junit.jupiter.api.Test;

final class NodeRightsTest {
    private static final Caller DEV1 = new Caller(Caller.Kind.NODE, "dev1");
    private static final Caller ADMIN = new Caller(Caller.Kind.ADMIN, "me");

    private static <Q> String refusal(Caller caller, MethodDescriptor<Q, ?> method, Q request) {
        return NodeRights.rights().refusal(caller, method, request).result().orElse("");
    }

    @Test
    void everyMethodHasARule() {
        assertThat(IpamServiceGrpc.getServiceDescriptor().getMethods())
                .allSatisfy(method -> assertThat(NodeRights.rights().names(method))
                        .as(method.getFullMethodName())
                        .isTrue());
    }

    @Test
    void aNodeSpeaksForItselfAlone() {
        for (String node : new String[] {"dev1", "dev2"}) {
            String expected = node.equals("dev1") ? "" : "as dev2 (expected: its own name)";
            assertThat(refusal(
                            DEV1,
                            IpamServiceGrpc.getRegisterNodeMethod(),
                            RegisterNodeRequest.newBuilder().setNodeName(node).build()))
                    .endsWith(expected)
                    .matches(said -> said.isEmpty() == node.equals("dev1"));
            assertThat(refusal(
                            DEV1,
                            IpamServiceGrpc.getAddPodCidrMethod(),
                            AddPodCidrRequest.newBuilder().setNodeName(node).build()))
                    .endsWith(expected)
                    .matches(said -> said.isEmpty() == node.equals("dev1"));
            assertThat(refusal(
                            DEV1,
                            IpamServiceGrpc.getReturnPodCidrMethod(),
                            ReturnPodCidrRequest.newBuilder().setNodeName(node).build()))
                    .endsWith(expected)
                    .matches(said -> said.isEmpty() == node.equals("dev1"));
        }
    }

    @Test
    void whatChangesTheClusterIsForAdmins() {
        ReleaseNodeRequest release =
                ReleaseNodeRequest.newBuilder().setNodeName("dev1").build();
        AddPoolCidrsRequest more = AddPoolCidrsRequest.getDefaultInstance();
        for (Caller caller : new Caller[] {DEV1, new Caller(Caller.Kind.SERVICE, "routes")}) {
            assertThat(refusal(caller, IpamServiceGrpc.getReleaseNodeMethod(), release))
                    .endsWith("(expected: an admin)");
            assertThat(refusal(caller, IpamServiceGrpc.getAddPoolCidrsMethod(), more))
                    .endsWith("(expected: an admin)");
            assertThat(refusal(caller, IpamServiceGrpc.getListNodesMethod(), ListNodesRequest.getDefaultInstance()))
                    .isEmpty();
        }
        assertThat(refusal(ADMIN, IpamServiceGrpc.getReleaseNodeMethod(), release))
                .isEmpty();
        assertThat(refusal(ADMIN, IpamServiceGrpc.getAddPoolCidrsMethod(), more))
                .isEmpty();
    }
}
