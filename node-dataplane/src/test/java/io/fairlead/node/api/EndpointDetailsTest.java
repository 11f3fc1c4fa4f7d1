package io.fairlead.node.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Labels;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.endpoint.EndpointRequest;
import io.fairlead.node.endpoint.FakeNode;
import io.fairlead.node.endpoint.Workload;
import io.fairlead.proto.agent.v1.Endpoint;
import io.fairlead.proto.agent.v1.EndpointLogEntry;
import io.fairlead.proto.agent.v1.EndpointPolicy;
import io.fairlead.proto.agent.v1.GetEndpointLogRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndpointDetailsTest {
    @TempDir
    private Path directory;

    private EndpointManager endpoints;

    @BeforeEach
    void start() {
        endpoints = new EndpointManager(
                new EndpointManager.Settings(directory, 1500, Duration.ofSeconds(5)),
                new AddressPool(List.of(Cidr.parse("10.244.0.0/24")), new Random(3)),
                new FakeNode().ports(),
                new Random(3));
        endpoints.start();
        endpoints.add(request(new Attachment("4f2a", "eth0"), "k8s:app=web"));
        endpoints.add(request(Attachment.HEALTH, "reserved:health"));
    }

    @AfterEach
    void stop() {
        endpoints.close();
    }

    private static EndpointRequest request(Attachment attachment, String label) {
        return new EndpointRequest(
                attachment,
                "/run/netns/" + attachment.containerId(),
                "fairlead",
                new Workload(Optional.empty(), Optional.empty(), Labels.parse(List.of(label))),
                List.of());
    }

    @Test
    void podsTheHealthEndpointAndTheHostAreListedByIdWithWhatJudgesThem() {
        EndpointPolicy state = EndpointPolicy.newBuilder()
                .setIngressEnforced(true)
                .setId(7)
                .setEntries(3)
                .setRevision(12)
                .addPolicies("NetworkPolicy default/web")
                .build();
        EndpointDetails details =
                new EndpointDetails(endpoints, 4999, id -> id == 4999 ? Optional.empty() : Optional.of(state));
        List<Endpoint> list = details.list().getEndpointsList();
        assertThat(list).extracting(Endpoint::getId).isSorted().hasSize(3);
        assertThat(list.get(2).getLabelsList()).containsExactly("reserved:host");
        assertThat(list.get(2).getIdentity()).isEqualTo(1);
        assertThat(list.get(2).hasPolicy()).isFalse();
        assertThat(list)
                .filteredOn(e -> e.getHostInterface().equals("lxc_health"))
                .singleElement()
                .satisfies(e -> {
                    assertThat(e.getLabelsList()).containsExactly("reserved:health");
                    assertThat(e.getPolicy().getIngressEnforced()).isTrue();
                    assertThat(e.getPolicy().getEgressEnforced()).isFalse();
                    assertThat(e.getPolicy().getPoliciesList()).containsExactly("NetworkPolicy default/web");
                });
    }

    @Test
    void aNodeWithoutAHostEndpointListsNone() {
        assertThat(new EndpointDetails(endpoints, 0, id -> Optional.empty())
                        .list()
                        .getEndpointsList())
                .hasSize(2)
                .noneMatch(Endpoint::hasPolicy);
    }

    @Test
    void theLogOfAnEndpointTellsItsStepsNewestFirst() {
        EndpointDetails details = new EndpointDetails(endpoints, 4999, id -> Optional.empty());
        int id = endpoints
                .find(new Attachment("4f2a", "eth0"))
                .orElseThrow()
                .id()
                .value();
        List<EndpointLogEntry> entries = log(details, id);
        assertThat(entries).extracting(EndpointLogEntry::getState).first().isEqualTo("ready");
        assertThat(entries)
                .extracting(EndpointLogEntry::getMessage)
                .last()
                .asString()
                .startsWith("Endpoint is being made");
        assertThat(entries).allMatch(e -> e.getStatus().equals("OK") && e.getTimeMs() > 0);
        assertThat(log(details, 4999)).isEmpty();
    }

    @Test
    void anIdThatIsNoneOrUnknownIsSaidSo() {
        EndpointDetails details = new EndpointDetails(endpoints, 4999, id -> Optional.empty());
        assertThatThrownBy(() -> log(details, 0)).hasMessage("endpoint id: 0 (expected: 1 to 65535)");
        assertThatThrownBy(() -> log(details, 65000)).hasMessageContaining("NOT_FOUND: endpoint: 65000 (expected:");
    }

    private static List<EndpointLogEntry> log(EndpointDetails details, int id) {
        return details.log(GetEndpointLogRequest.newBuilder().setEndpointId(id).build())
                .getEntriesList();
    }
}
