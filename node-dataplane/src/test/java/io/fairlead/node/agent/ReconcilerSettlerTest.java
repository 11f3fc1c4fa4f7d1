package io.fairlead.node.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.EndpointId;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.Mac;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.Device;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointException;
import io.fairlead.node.endpoint.EndpointRequest;
import io.fairlead.node.endpoint.EndpointState;
import io.fairlead.node.endpoint.PodAddress;
import io.fairlead.node.endpoint.Workload;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.reconcile.FakeKernel;
import io.fairlead.node.reconcile.TableId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReconcilerSettlerTest {
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.31"),
            List.of(Cidr.parse("10.244.0.0/24")),
            List.of(Ip.parse("10.244.0.1")));
    private static final Ip IP = Ip.parse("10.244.0.7");

    private final FakeKernel kernel = new FakeKernel(NODE);
    private final ReconcilerSettler settler = new ReconcilerSettler(kernel.reconciler(), Duration.ofSeconds(5));
    private final Endpoint endpoint = endpoint();

    @AfterEach
    void stop() {
        kernel.close();
    }

    @Test
    void aSettledPodIsInEveryTableAndARemovedOneInNone() {
        settler.adoptionsComplete();
        settler.settle(endpoint);
        assertThat(kernel.keys(TableId.ENDPOINTS).contains(IP)).isTrue();
        assertThat(kernel.keys(TableId.INTERFACES).contains(12)).isTrue();
        assertThat(kernel.keys(TableId.LINKS).contains(ingress())).isTrue();

        settler.unsettle(endpoint);
        assertThat(kernel.keys(TableId.ENDPOINTS).contains(IP)).isFalse();
        assertThat(kernel.keys(TableId.INTERFACES)).isEmpty();
        assertThat(kernel.keys(TableId.LINKS).contains(ingress())).isFalse();
    }

    @Test
    void adoptedPodsAreWrittenOnlyWhenAllAreKnown() {
        settler.adopt(endpoint);
        assertThat(kernel.keys(TableId.INTERFACES)).isEmpty();
        settler.adoptionsComplete();
        assertThat(kernel.keys(TableId.INTERFACES).contains(12)).isTrue();
    }

    @Test
    void aPodTheKernelDoesNotTakeIsNotSettledAndSaysWhy() {
        settler.adoptionsComplete();
        kernel.refuse(TableId.LINKS, ingress());
        assertThatThrownBy(() -> settler.settle(endpoint))
                .isInstanceOfSatisfying(
                        EndpointException.class,
                        e -> assertThat(e.reason()).isEqualTo(EndpointException.Reason.UNAVAILABLE))
                .hasMessageContaining("EINVAL")
                .hasMessageContaining("not in the kernel");
    }

    @Test
    void aTableThatCannotBeReadSettlesNothing() {
        kernel.unreadable(TableId.ENDPOINTS);
        settler.adoptionsComplete();
        assertThatThrownBy(() -> settler.settle(endpoint)).hasMessageContaining("EIO");
    }

    @Test
    void aReconcilerThatIsGoneIsNoEndlessWait() {
        ReconcilerSettler impatient = new ReconcilerSettler(kernel.reconciler(), Duration.ofMillis(50));
        kernel.close();
        assertThatThrownBy(() -> impatient.settle(endpoint)).isInstanceOf(RuntimeException.class);
    }

    @Test
    void halfAnEndpointIsRefused() {
        Endpoint half = new Endpoint(
                endpoint.id(),
                endpoint.request(),
                endpoint.addresses(),
                Optional.empty(),
                Optional.empty(),
                EndpointState.CREATING);
        assertThatThrownBy(() -> settler.settle(half))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected: a whole endpoint");
    }

    private Hook ingress() {
        return new Hook(endpoint.hostInterface(), Hook.Direction.INGRESS);
    }

    private static Endpoint endpoint() {
        EndpointRequest request = new EndpointRequest(
                new Attachment("c1", "eth0"),
                "/run/netns/none",
                "fairlead",
                new Workload(Optional.of("default"), Optional.of("p"), Labels.EMPTY),
                List.of());
        return new Endpoint(
                new EndpointId(7),
                request,
                List.of(new PodAddress(IP, Ip.parse("10.244.0.1"))),
                Optional.of(new IdentityId(300)),
                Optional.of(new Device(12, Mac.parse("02:00:00:00:00:07"), Mac.parse("02:00:00:00:01:07"), 1500)),
                EndpointState.CREATING);
    }
}
