package io.fairlead.node.endpoint;

import static io.fairlead.node.endpoint.AgentHarness.attachment;
import static io.fairlead.node.endpoint.AgentHarness.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An agent that stops dead in the middle of an operation leaves what the next one can clear up. */
class EndpointCrashTest {
    @TempDir
    private Path state;

    private final FakeNode node = new FakeNode();

    @ParameterizedTest
    @ValueSource(strings = {"identity", "create", "publish", "settle"})
    void addInterruptedBeforeAStepIsUndoneAtStart(String step) {
        node.before(crashing(step));
        addCrashesAndRestartRecovers();
    }

    /** What "identity" took is not known by the node yet: the service finds the holder of no address. */
    @ParameterizedTest
    @ValueSource(strings = {"create", "publish", "settle"})
    void addInterruptedAfterAStepIsUndoneAtStart(String step) {
        node.after(crashing(step));
        addCrashesAndRestartRecovers();
    }

    @ParameterizedTest
    @ValueSource(strings = {"unsettle", "delete"})
    void removalInterruptedBeforeAStepIsFinishedAtStart(String step) {
        node.before(crashing(step));
        deleteCrashesAndRestartRecovers();
    }

    @ParameterizedTest
    @ValueSource(strings = {"unsettle", "delete"})
    void removalInterruptedAfterAStepIsFinishedAtStart(String step) {
        node.after(crashing(step));
        deleteCrashesAndRestartRecovers();
    }

    private static Consumer<String> crashing(String step) {
        return call -> {
            if (call.equals(step)) {
                throw new FakeNode.Crash();
            }
        };
    }

    private void addCrashesAndRestartRecovers() {
        try (AgentHarness agent = new AgentHarness(state, node)) {
            assertThatThrownBy(() -> agent.manager.add(request("a"))).isInstanceOf(FakeNode.Crash.class);
        }
        expectRecovery();
    }

    private void deleteCrashesAndRestartRecovers() {
        try (AgentHarness agent = new AgentHarness(state, node)) {
            agent.manager.add(request("a"));
            assertThatThrownBy(() -> agent.manager.delete(attachment("a"))).isInstanceOf(FakeNode.Crash.class);
        }
        expectRecovery();
    }

    private void expectRecovery() {
        node.before(FakeNode.nothing());
        node.after(FakeNode.nothing());
        try (AgentHarness agent = new AgentHarness(state, node)) {
            assertThat(agent.restored.kept()).isZero();
            agent.expectNothingTaken();
            AgentHarness.awaitEmpty(node);
            assertThat(agent.manager.add(request("a")).state()).isEqualTo(EndpointState.READY);
            assertThat(node.devices()).hasSize(1);
        }
    }
}
