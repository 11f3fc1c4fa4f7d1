package io.fairlead.node.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.EndpointId;
import io.fairlead.node.endpoint.EndpointLog.Entry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndpointLogTest {
    private static final Instant NOW = Instant.parse("2022-01-19T06:44:27Z");

    @TempDir
    private Path state;

    private final FakeNode node = new FakeNode();
    private final EndpointLog log = new EndpointLog(Clock.fixed(NOW, ZoneOffset.UTC));

    private static Endpoint endpoint(int id) {
        return new Endpoint(
                new EndpointId(id),
                AgentHarness.request("a"),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                EndpointState.CREATING);
    }

    @Test
    void everyStepOfALifeIsTold() {
        try (AgentHarness agent = new AgentHarness(state, node)) {
            Endpoint made = agent.manager.add(AgentHarness.request("a"));
            assertThat(agent.manager.log().of(made.id()).orElseThrow())
                    .extracting(Entry::message)
                    .containsExactly(
                            "State was creating",
                            "Identity is " + made.identity().orElseThrow(),
                            "Interface " + made.hostInterface() + " made, index "
                                    + made.device().orElseThrow().ifindex(),
                            "Endpoint is being made: addresses " + made.ips());
        }
        try (AgentHarness again = new AgentHarness(state, node)) {
            EndpointId id = again.manager.endpoints().get(0).id();
            again.manager.refresh();
            again.manager.delete(AgentHarness.attachment("a"));
            assertThat(again.manager.log().of(id).orElseThrow())
                    .extracting(Entry::message)
                    .startsWith("State was ready", "State was restoring")
                    .last()
                    .asString()
                    .startsWith("Found at start");
        }
    }

    @Test
    void whyAnEndpointFailedIsToldAfterItIsGone() {
        node.before(FakeNode.failing("publish"));
        try (AgentHarness agent = new AgentHarness(state, node)) {
            int[] id = new int[1];
            node.before(call -> {
                if (call.equals("publish")) {
                    id[0] = agent.manager.endpoints().get(0).id().value();
                    throw new IllegalStateException("publish fails");
                }
            });
            assertThatThrownBy(() -> agent.manager.add(AgentHarness.request("a")))
                    .hasMessageContaining("publish");
            assertThat(agent.manager.log().of(new EndpointId(id[0])).orElseThrow())
                    .filteredOn(entry -> entry.status() == EndpointLog.Status.FAILURE)
                    .singleElement()
                    .satisfies(entry ->
                            assertThat(entry.message()).isEqualTo("unable to publish endpoint: publish fails"));
        }
    }

    @Test
    void onlyTheLastEntriesAreKept() {
        Endpoint endpoint = endpoint(7);
        for (int i = 0; i < EndpointLog.MOST_ENTRIES + 10; i++) {
            log.note(endpoint, "entry " + i);
        }
        List<Entry> entries = log.of(endpoint.id()).orElseThrow();
        assertThat(entries).hasSize(EndpointLog.MOST_ENTRIES);
        assertThat(entries.get(0))
                .isEqualTo(new Entry(NOW, EndpointLog.Status.OK, EndpointState.CREATING, "entry 265"));
    }

    @Test
    void onlyTheLastEndpointsThatAreGoneAreKept() {
        for (int id = 1; id <= EndpointLog.MOST_GONE + 5; id++) {
            log.note(endpoint(id), "made");
            log.removed(new EndpointId(id));
        }
        assertThat(log.of(new EndpointId(5))).isEmpty();
        assertThat(log.of(new EndpointId(6))).isPresent();
        assertThat(log.of(new EndpointId(EndpointLog.MOST_GONE + 5))).isPresent();
    }

    @Test
    void anIdGivenAgainBeginsAnew() {
        log.note(endpoint(7), "first");
        log.removed(new EndpointId(7));
        log.note(endpoint(7), "second");
        assertThat(log.of(new EndpointId(7)).orElseThrow())
                .extracting(Entry::message)
                .containsExactly("second");
    }
}
