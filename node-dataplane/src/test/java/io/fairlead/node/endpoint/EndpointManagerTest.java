package io.fairlead.node.endpoint;

import static io.fairlead.node.endpoint.AgentHarness.attachment;
import static io.fairlead.node.endpoint.AgentHarness.awaitEmpty;
import static io.fairlead.node.endpoint.AgentHarness.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.runtime.retry.testing.ManualTimers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointManagerTest {
    @TempDir
    private Path state;

    private final FakeNode node = new FakeNode();
    private AgentHarness agent;

    @BeforeEach
    void start() {
        agent = new AgentHarness(state, node);
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    private void restart(Cidr... cidrs) {
        agent.close();
        agent = new AgentHarness(state, node, cidrs);
    }

    @Test
    void addMakesAReadyEndpointThatIsInTheKernelAndPublished() {
        Endpoint endpoint = agent.manager.add(request("a"));
        assertThat(endpoint.state()).isEqualTo(EndpointState.READY);
        assertThat(endpoint.hostInterface()).startsWith("lxc").hasSize(15);
        assertThat(endpoint.id().value()).isBetween(1, 4095);
        assertThat(node.devices()).containsExactly(endpoint.hostInterface());
        assertThat(node.settled()).containsExactly(endpoint.hostInterface());
        assertThat(node.published()).containsExactlyElementsOf(endpoint.ips());
        assertThat(node.log()).containsExactly("create", "prepare", "identity", "publish", "settle");
    }

    @Test
    void repeatedAddReturnsTheSameEndpointWithoutDoingAnything() {
        Endpoint first = agent.manager.add(request("a"));
        node.clearLog();
        assertThat(agent.manager.add(request("a"))).isEqualTo(first);
        assertThat(node.log()).isEmpty();
    }

    @Test
    void addForAnotherNamespaceOfTheSameContainerIsRefused() {
        agent.manager.add(request("a"));
        EndpointRequest other = new EndpointRequest(
                attachment("a"), "/run/netns/other", "fairlead", request("a").workload(), List.of());
        assertThatThrownBy(() -> agent.manager.add(other))
                .hasMessage(
                        "container a/eth0 already has an endpoint in /run/netns/a (expected: DEL before another ADD)");
    }

    @Test
    void addAfterTheDeviceVanishedStartsAfresh() {
        Endpoint first = agent.manager.add(request("a"));
        node.loseDevice(first.hostInterface());
        Endpoint second = agent.manager.add(request("a"));
        assertThat(second.device()).isNotEqualTo(first.device());
        assertThat(node.devices()).containsExactly(second.hostInterface());
        assertThat(agent.manager.endpoints()).containsExactly(second);
    }

    @Test
    void anInterfaceOfSomebodyElseIsAClearErrorAndStays() {
        PodDevices.Spec foreign = new PodDevices.Spec("other0", "/run/netns/a", "eth0", 1500, List.of(), List.of());
        node.create(foreign);
        assertThatThrownBy(() -> agent.manager.add(request("a")))
                .isInstanceOfSatisfying(
                        EndpointException.class, e -> assertThat(e.reason()).isEqualTo(EndpointException.Reason.EXISTS))
                .hasMessage("interface eth0 exists already in /run/netns/a (expected: no interface of that name)");
        assertThat(node.devices()).containsExactly("other0");
        agent.expectNothingTaken();
    }

    @ParameterizedTest
    @CsvSource({
        "create,   '', create fails",
        "prepare,  'delete unsettle', prepare fails",
        "identity, 'delete unsettle', unable to allocate identity: identity fails",
        "publish,  'delete release unsettle withdraw', unable to publish endpoint: publish fails",
        "settle,   'delete release unsettle withdraw', unable to settle endpoint in the datapath: settle fails"
    })
    void aFailingStepUndoesTheEarlierOnes(String step, String undone, String message) {
        node.before(FakeNode.failing(step));
        assertThatThrownBy(() -> agent.manager.add(request("a"))).hasMessage(message);
        node.before(FakeNode.nothing());
        awaitEmpty(node);
        agent.expectNothingTaken();
        assertThat(node.log()).containsAll(undone.isEmpty() ? List.of() : List.of(undone.split(" ")));
        assertThat(agent.manager.add(request("a")).state()).isEqualTo(EndpointState.READY);
    }

    @Test
    void theDatapathIsLeftBeforeTheDeviceAndTheDeviceBeforeTheAddress() {
        node.after(FakeNode.failing("settle"));
        assertThatThrownBy(() -> agent.manager.add(request("a"))).hasMessageContaining("settle fails");
        awaitEmpty(node);
        assertThat(node.log().indexOf("unsettle")).isLessThan(node.log().indexOf("delete"));
    }

    @Test
    void anAddressIsKeptWhileItsDeviceCannotBeRemoved() {
        node.before(FakeNode.failing("publish", "delete"));
        assertThatThrownBy(() -> agent.manager.add(request("a")))
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
        assertThat(agent.pool.allocations()).hasSize(2);
        assertThat(agent.manager.endpoints())
                .singleElement()
                .satisfies(e -> assertThat(e.state()).isEqualTo(EndpointState.DISCONNECTING));
        assertThatThrownBy(() -> agent.manager.delete(attachment("a"))).hasMessage("delete fails");
        node.before(FakeNode.nothing());
        agent.manager.delete(attachment("a"));
        agent.expectNothingTaken();
        awaitEmpty(node);
    }

    @Test
    void deleteSucceedsRepeatedlyForUnknownContainersAndWithoutAControlPlane() {
        agent.manager.delete(attachment("nobody"));
        agent.manager.add(request("a"));
        node.before(FakeNode.failing("release", "withdraw"));
        agent.manager.delete(attachment("a"));
        agent.manager.delete(attachment("a"));
        agent.expectNothingTaken();
        assertThat(node.published()).hasSize(1);
        node.before(FakeNode.nothing());
        awaitEmpty(node);
    }

    @Test
    void releasesTheControlPlaneDidNotTakeSurviveARestart() {
        agent.manager.add(request("a"));
        node.before(FakeNode.failing("release", "withdraw"));
        agent.manager.delete(attachment("a"));
        restart();
        assertThat(node.published()).hasSize(1);
        node.before(FakeNode.nothing());
        awaitEmpty(node);
    }

    @Test
    void anIdentityIsReleasedWithItsLastEndpointOnly() {
        agent.manager.add(request("a1"));
        agent.manager.add(request("a2"));
        agent.manager.delete(attachment("a1"));
        agent.manager.add(request("b"));
        agent.manager.delete(attachment("b"));
        awaitUntilHeld(1);
        agent.manager.delete(attachment("a2"));
        awaitEmpty(node);
    }

    private void awaitUntilHeld(int count) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (node.held().size() != count && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(node.held()).hasSize(count);
    }

    /** A publication the service carried out after the node had given up and withdrawn it. */
    @Test
    void whatIsPublishedAndNobodyHasIsWithdrawnAndNothingElse() throws InterruptedException {
        Endpoint living = agent.manager.add(request("a1"));
        Ip held = living.ips().get(0);
        Ip stray = Ip.parse("10.244.2.77");
        node.publishedLate(stray, living.identity().orElseThrow());
        agent.manager.withdrawUnheld(List.of(stray, held));
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (node.addresses().contains(stray) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(node.addresses()).containsExactly(held);
    }

    @Test
    void aLateWithdrawalDoesNotTouchTheNextPodWithThatAddress() throws InterruptedException {
        Ip ip = Ip.parse("10.244.2.9");
        agent.manager.add(request("a", ip));
        node.before(FakeNode.failing("withdraw"));
        agent.manager.delete(attachment("a"));
        Endpoint next = agent.manager.add(request("b", ip));
        node.clearLog();
        node.before(FakeNode.nothing());
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (releasesOnDisk() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(1);
        }
        assertThat(releasesOnDisk()).isZero();
        assertThat(node.published()).containsExactlyElementsOf(next.ips());
        assertThat(node.log()).doesNotContain("withdraw");
    }

    private long releasesOnDisk() {
        try (var files = Files.list(state.resolve("releases"))) {
            return files.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aRequestedAddressIsGivenOnceAndOnlyFromTheNodesCidrs() {
        Ip ip = Ip.parse("10.244.2.9");
        assertThat(agent.manager.add(request("a", ip)).ips()).containsExactly(ip);
        assertThatThrownBy(() -> agent.manager.add(request("b", ip)))
                .hasMessage("unable to allocate IP: provided IP is already allocated: 10.244.2.9"
                        + " (owned by default/pod-a (a/eth0))");
        assertThatThrownBy(() -> agent.manager.add(request("b", Ip.parse("10.9.0.1"))))
                .hasMessage("unable to allocate IP: provided IP is not in the valid range: 10.9.0.1"
                        + " (expected: 10.244.2.0/24)");
    }

    @Test
    void aPodGetsAnAddressOfEachFamilyTheNodeHas() {
        restart(AgentHarness.POD_CIDR, Cidr.parse("fd00:10:244:2::/64"));
        Endpoint endpoint = agent.manager.add(request("a"));
        assertThat(endpoint.addresses())
                .extracting(PodAddress::gateway)
                .containsExactly(Ip.parse("10.244.2.1"), Ip.parse("fd00:10:244:2::1"));
    }

    @Test
    void endpointsSurviveARestartAndKeepEverything() {
        Endpoint before = agent.manager.add(request("a"));
        node.clearLog();
        restart();
        assertThat(agent.restored).isEqualTo(new EndpointManager.Restored(1, 0, 0, 0));
        assertThat(agent.manager.endpoints()).containsExactly(before.in(EndpointState.RESTORING));
        assertThat(agent.pool.allocations()).containsKey(before.ips().get(0));
        assertThat(node.log()).containsExactly("adopt");
        assertThat(agent.manager.refresh()).isZero();
        assertThat(agent.manager.endpoints()).containsExactly(before);
        assertThat(agent.manager.add(request("a"))).isEqualTo(before);
    }

    @Test
    void anIdentityThatTheStoreLostIsAskedForAgain() {
        Endpoint before = agent.manager.add(request("a"));
        node.loseStore();
        assertThat(agent.manager.refresh()).isZero();
        Endpoint after = agent.manager.find(attachment("a")).orElseThrow();
        assertThat(after.identity()).isPresent().isNotEqualTo(before.identity());
        assertThat(after.addresses()).isEqualTo(before.addresses());
        assertThat(node.published()).containsExactlyInAnyOrderElementsOf(before.ips());
        assertThat(node.log()).endsWith("publish", "identity", "settle", "publish");
    }

    @Test
    void anEndpointOutsideTheNodesNewCidrSurvivesARestart() {
        Endpoint before = agent.manager.add(request("a"));
        restart(Cidr.parse("10.244.7.0/24"));
        assertThat(agent.manager.add(request("a")).addresses()).isEqualTo(before.addresses());
        assertThat(agent.manager.check(attachment("a"))).isEmpty();
    }

    @Test
    void endpointsWhoseDeviceIsGoneAreReleasedAtStart() {
        Endpoint gone = agent.manager.add(request("a"));
        agent.close();
        node.loseDevice(gone.hostInterface());
        agent = new AgentHarness(state, node);
        assertThat(agent.restored.removed()).isEqualTo(1);
        agent.expectNothingTaken();
        awaitEmpty(node);
    }

    @Test
    void unreadableCheckpointsArePutAsideAndOthersLoaded() throws IOException {
        Endpoint good = agent.manager.add(request("a"));
        agent.close();
        Path files = state.resolve("endpoints");
        Files.writeString(files.resolve("lxc000000000000.json"), "{\"id\": 7");
        Files.writeString(files.resolve("lxc000000000001.json"), "{\"id\": \"x\"}");
        Files.copy(files.resolve(good.hostInterface() + ".json"), files.resolve("lxc000000000002.json"));
        Files.writeString(files.resolve("lxc000000000003.tmp"), "half");
        agent = new AgentHarness(state, node);
        assertThat(agent.restored).isEqualTo(new EndpointManager.Restored(1, 0, 0, 3));
        assertThat(files.resolve("lxc000000000000.json.bad")).exists();
        assertThat(files.resolve("lxc000000000003.tmp")).doesNotExist();
    }

    @Test
    void retainRemovesOnlyEndpointsOfItsNetworkAndGoesOnAfterFailures() {
        agent.manager.add(request("a"));
        agent.manager.add(request("b"));
        assertThat(agent.manager.retain("another", Set.of())).isEmpty();
        assertThat(agent.manager.endpoints()).hasSize(2);
        assertThat(agent.manager.retain("fairlead", Set.of(attachment("b")))).isEmpty();
        assertThat(agent.manager.endpoints())
                .singleElement()
                .satisfies(e -> assertThat(e.attachment()).isEqualTo(attachment("b")));
        node.before(FakeNode.failing("delete"));
        assertThat(agent.manager.retain("fairlead", Set.of())).containsExactly("b/eth0: delete fails");
        node.before(FakeNode.nothing());
        assertThat(agent.manager.refresh()).isZero();
        agent.expectNothingTaken();
    }

    @Test
    void checkTellsWhatIsMissing() {
        Endpoint endpoint = agent.manager.add(request("a"));
        assertThat(agent.manager.check(attachment("a"))).isEmpty();
        node.loseDevice(endpoint.hostInterface());
        assertThat(agent.manager.check(attachment("a"))).containsExactly("interface eth0: missing");
        assertThatThrownBy(() -> agent.manager.check(attachment("b"))).hasMessage("no endpoint of container b/eth0");
    }

    @Test
    void aLostIdentityIsAskedForAgain() {
        Endpoint made = agent.manager.add(request("a"));
        node.clearLog();
        java.util.concurrent.atomic.AtomicBoolean lost = new java.util.concurrent.atomic.AtomicBoolean(true);
        node.before(call -> {
            if (call.equals("publish") && lost.getAndSet(false)) {
                throw new EndpointException(EndpointException.Reason.LOST, "identity unknown");
            }
        });
        assertThat(agent.manager.refresh()).isZero();
        node.before(FakeNode.nothing());
        assertThat(node.published()).containsAll(made.ips());
        assertThat(agent.manager.endpoints())
                .singleElement()
                .satisfies(e -> assertThat(e.state()).isEqualTo(EndpointState.READY));
    }

    @Test
    void oneRefusedEndpointKeepsNoOtherFromBeingPublished() {
        agent.manager.add(request("a"));
        agent.manager.add(request("b"));
        int[] calls = new int[1];
        node.before(call -> {
            if (call.equals("publish")) {
                calls[0]++;
                throw new EndpointException(EndpointException.Reason.REFUSED, "no");
            }
        });
        assertThat(agent.manager.refresh()).isEqualTo(2);
        assertThat(calls[0]).as("each is tried").isEqualTo(2);
        node.before(call -> {
            if (call.equals("publish")) {
                calls[0]++;
                throw new EndpointException(EndpointException.Reason.UNAVAILABLE, "away");
            }
        });
        assertThat(agent.manager.refresh()).isEqualTo(2);
        assertThat(calls[0]).as("one tells that it is away").isEqualTo(3);
        node.before(FakeNode.nothing());
    }

    @Test
    void aFullRangeIsAnErrorAndLeavesNothing() {
        restart(Cidr.parse("10.244.2.0/30"));
        agent.manager.add(request("a"));
        assertThat(agent.manager.unavailable()).contains("IPv4 range is full");
        assertThatThrownBy(() -> agent.manager.add(request("b"))).hasMessage("unable to allocate IP: range is full");
        assertThat(agent.manager.endpoints()).hasSize(1);
    }

    @Test
    void anAddressThatNoEndpointClaimedInTimeIsFreeAgainAndTheLateAddIsToldSo() {
        ManualTimers timers = new ManualTimers();
        AddressPool pool = new AddressPool(List.of(AgentHarness.POD_CIDR), new Random(1));
        EndpointManager slow = new EndpointManager(
                new EndpointManager.Settings(
                        state.resolve("slow"),
                        1500,
                        Duration.ofSeconds(20),
                        new EndpointManager.Expiry(timers, Duration.ofMinutes(10))),
                pool,
                node.ports(),
                new Random(1));
        slow.start();
        node.before(call -> {
            if (call.equals("identity")) {
                assertThat(pool.allocations()).hasSize(2);
                timers.advance(Duration.ofMinutes(10));
                assertThat(pool.allocations()).as("free again").hasSize(1);
            }
        });
        assertThatThrownBy(() -> slow.add(request("a")))
                .isInstanceOfSatisfying(
                        EndpointException.class,
                        e -> assertThat(e.reason()).isEqualTo(EndpointException.Reason.UNAVAILABLE))
                .hasMessageContaining("unable to allocate IP: address 10.244.2.")
                .hasMessageContaining("given back, the endpoint did not claim it within 600 s (expected: another ADD)");
        assertThat(node.devices()).isEmpty();
        assertThat(node.published()).isEmpty();
        assertThat(slow.endpoints()).isEmpty();

        node.before(FakeNode.nothing());
        slow.add(request("a"));
        assertThat(timers.waiting()).as("claimed").isZero();
        timers.advance(Duration.ofHours(1));
        assertThat(pool.allocations()).hasSize(2);
        slow.close();
    }

    @Test
    void anAddressWhoseDeviceCannotBeRemovedIsNotFreeAfterThatTime() {
        ManualTimers timers = new ManualTimers();
        AddressPool pool = new AddressPool(List.of(AgentHarness.POD_CIDR), new Random(1));
        EndpointManager manager = new EndpointManager(
                new EndpointManager.Settings(
                        state.resolve("stuck"),
                        1500,
                        Duration.ofSeconds(20),
                        new EndpointManager.Expiry(timers, Duration.ofMinutes(10))),
                pool,
                node.ports(),
                new Random(1));
        manager.start();
        node.before(FakeNode.failing("identity", "delete"));
        assertThatThrownBy(() -> manager.add(request("a"))).isInstanceOf(EndpointException.class);
        timers.advance(Duration.ofHours(1));
        assertThat(pool.allocations()).hasSize(2);
        node.before(FakeNode.nothing());
        assertThat(manager.refresh()).isZero();
        assertThat(pool.allocations()).hasSize(1);
        manager.close();
    }

    @Test
    void whatTheStoreLostOfSomeEndpointsIsPublishedAgainWithTheirIdentities() {
        Endpoint lost = agent.manager.add(request("a"));
        agent.manager.add(request("b"));
        node.loseStore();
        node.clearLog();
        assertThat(agent.manager.republish(e -> e.id().equals(lost.id()))).isZero();
        assertThat(node.published()).containsExactlyElementsOf(lost.ips());
        assertThat(node.log()).containsExactly("identity", "settle", "publish");
        node.before(FakeNode.failing("identity"));
        assertThat(agent.manager.republish(e -> true)).as("each of them").isEqualTo(2);
    }

    @Test
    void aPodGetsItsAddressOfThePoolItAskedForAndKeepsItOverARestart() {
        agent.pool.add(new PodBlock(Cidr.parse("10.99.0.0/24"), "blue"));
        EndpointRequest plain = request("a");
        EndpointRequest blue = new EndpointRequest(
                plain.attachment(), plain.netns(), plain.network(), plain.workload(), List.of(), "blue");
        Endpoint made = agent.manager.add(blue);
        assertThat(made.ips().get(0).toString()).startsWith("10.99.0.");
        assertThat(made.addresses().get(0).gateway()).isEqualTo(Ip.parse("10.244.2.1"));
        restart();
        assertThat(agent.manager.endpoints().get(0).request()).isEqualTo(blue);
        assertThat(agent.pool.allocations().get(made.ips().get(0))).endsWith(" [restored]");
    }
}
