package io.fairlead.node.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.EndpointId;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EndpointTest {
    private static final Endpoint WHOLE = new Endpoint(
            new EndpointId(2917),
            AgentHarness.request("a", Ip.parse("10.244.2.9")),
            List.of(new PodAddress(Ip.parse("10.244.2.9"), Ip.parse("10.244.2.1"))),
            Optional.of(new IdentityId(257)),
            Optional.of(new Device(12, Mac.parse("1e:42:49:8a:4e:bb"), Mac.parse("3e:15:68:88:61:8b"), 1500)),
            EndpointState.READY);

    @Test
    void aCheckpointReadsBackAsItWas() {
        assertThat(EndpointJson.read(EndpointJson.write(WHOLE))).isEqualTo(WHOLE);
        Endpoint bare = new Endpoint(
                new EndpointId(1),
                AgentHarness.request("b"),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                EndpointState.CREATING);
        assertThat(EndpointJson.read(EndpointJson.write(bare))).isEqualTo(bare);
    }

    @Test
    void nothingComesBackFromDisconnecting() {
        Endpoint leaving = WHOLE.in(EndpointState.DISCONNECTING);
        assertThatThrownBy(() -> leaving.in(EndpointState.READY))
                .hasMessage("endpoint 2917: disconnecting to ready (expected: a legal step of an endpoint's life)");
    }

    @Test
    void aReadyEndpointMissesNothing() {
        assertThatThrownBy(() -> new Endpoint(
                        WHOLE.id(),
                        WHOLE.request(),
                        WHOLE.addresses(),
                        Optional.empty(),
                        WHOLE.device(),
                        EndpointState.READY))
                .hasMessage("endpoint 2917: ready with a part missing (expected: addresses, identity and device)");
    }

    @Test
    void hostInterfaceNamesDifferForIdsWithTheSameBeginning() {
        assertThat(new Attachment("default-t1", "eth0").hostInterface())
                .isNotEqualTo(new Attachment("default-t2", "eth0").hostInterface())
                .isNotEqualTo(new Attachment("default-t1", "eth1").hostInterface());
    }
}
