package io.fairlead.node.monitor;

import static io.fairlead.node.monitor.FakeSource.debug;
import static io.fairlead.node.monitor.FakeSource.packet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.bpf.SettingsMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MonitorHubTest {
    private static final EventFilter DEBUG = new EventFilter(Set.of(EventType.DEBUG), Set.of(), Set.of(), Set.of());
    private static final EventFilter AGENT = new EventFilter(Set.of(EventType.AGENT), Set.of(), Set.of(), Set.of());

    private final FakeSource source = new FakeSource();
    private final BlockingQueue<Set<SettingsMap.Event>> switched = new LinkedBlockingQueue<>();
    private volatile boolean refuses;
    private MonitorHub hub;

    private static final class Ear implements Subscription.Listener {
        final BlockingQueue<Subscription> begun = new LinkedBlockingQueue<>();
        final BlockingQueue<RuntimeException> failures = new LinkedBlockingQueue<>();

        @Override
        public void started(Subscription subscription) {
            begun.add(subscription);
        }

        @Override
        public void ready() {
            // the test takes when it wants to
        }

        @Override
        public void failed(RuntimeException failure) {
            failures.add(failure);
        }
    }

    @BeforeEach
    void start() throws InterruptedException {
        hub = MonitorHub.start(
                source,
                events -> {
                    if (refuses) {
                        throw new KernelException("settings", 1, "no", FailureKind.GIVE_UP);
                    }
                    switched.add(Set.copyOf(events));
                },
                new MonitorHub.Limits(3, 100));
        assertThat(next()).as("what a crashed agent left on is switched off").isEmpty();
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private Set<SettingsMap.Event> next() throws InterruptedException {
        Set<SettingsMap.Event> events = switched.poll(5, TimeUnit.SECONDS);
        assertThat(events).isNotNull();
        return events;
    }

    private Subscription listen(EventFilter filter) throws InterruptedException {
        Ear ear = new Ear();
        hub.subscribe(filter, ear);
        Subscription subscription = ear.begun.poll(5, TimeUnit.SECONDS);
        assertThat(subscription).isNotNull();
        return subscription;
    }

    private static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 5_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private static List<Event> take(Subscription subscription, int count) {
        List<Event> events = new ArrayList<>();
        until(() -> {
            Event event = subscription.poll();
            if (event != null) {
                events.add(event);
            }
            return events.size() >= count;
        });
        return events;
    }

    @Test
    void theDatapathWritesTheUnionOfWhatIsWantedAndNothingAfterTheLastListener() throws InterruptedException {
        Subscription debugs = listen(DEBUG);
        assertThat(next()).containsExactly(SettingsMap.Event.DEBUG);
        Subscription all = listen(EventFilter.ALL);
        assertThat(next()).containsExactlyInAnyOrder(SettingsMap.Event.values());
        all.close();
        assertThat(next()).containsExactly(SettingsMap.Event.DEBUG);
        Subscription agent = listen(AGENT);
        debugs.close();
        assertThat(next()).isEmpty();
        agent.close();
        until(() -> hub.listeners() == 0);
        assertThat(switched).isEmpty();
    }

    @Test
    void everyListenerGetsWhatItWantsInOrder() throws InterruptedException {
        Subscription debugs = listen(DEBUG);
        Subscription related = listen(new EventFilter(Set.of(), Set.of(), Set.of(9), Set.of(7)));
        List<Event> told = List.of(
                debug(7, 1), debug(8, 2), packet(EventType.TRACE, 8, 7), packet(EventType.DROP, 8, 9), debug(9, 3));
        source.ring.addAll(told);
        assertThat(take(debugs, 3)).containsExactly(told.get(0), told.get(1), told.get(4));
        assertThat(take(related, 3)).containsExactly(told.get(0), told.get(2), told.get(3));
        hub.tell("Endpoint created", "{}");
        source.ring.add(debug(7, 4));
        assertThat(take(related, 1)).allMatch(event -> event instanceof Event.Debug);
    }

    @Test
    void whatWasInTheRingBeforeIsNotTold() throws InterruptedException {
        source.ring.add(debug(1, 1));
        source.lost.set(0, 5);
        Subscription debugs = listen(DEBUG);
        Event now = debug(1, 2);
        source.ring.add(now);
        assertThat(take(debugs, 1)).containsExactly(now);
        assertThat(debugs.poll()).isNull();
    }

    @Test
    void whatTheDatapathLostIsToldByProcessor() throws InterruptedException {
        source.lost.set(1, 5);
        Subscription debugs = listen(DEBUG);
        source.lost.set(0, 3);
        source.lost.set(1, 9);
        long[] sums = new long[2];
        until(() -> {
            Event event = debugs.poll();
            if (event instanceof Event.Lost lost) {
                sums[lost.cpu()] += lost.count();
            }
            return sums[0] == 3 && sums[1] == 4;
        });
    }

    @Test
    void aSlowListenerLosesWhatDoesNotFitIsToldSoAndHoldsUpNobody() throws InterruptedException {
        Subscription slow = listen(DEBUG);
        Subscription quick = listen(DEBUG);
        List<Event> got = new ArrayList<>();
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 20; i++) {
                source.ring.add(debug(1, round * 20 + i));
            }
            got.addAll(take(quick, 20));
        }
        assertThat(got).hasSize(1000).allMatch(event -> event instanceof Event.Debug);
        List<Event> first = take(slow, 100);
        assertThat(first).isEqualTo(got.subList(0, 100));
        assertThat(take(slow, 1)).containsExactly(new Event.Lost(1, 900));
        Event after = debug(1, 5000);
        source.ring.add(after);
        assertThat(take(slow, 1)).containsExactly(after);
    }

    @Test
    void whatNobodyHasRoomForStaysInTheRing() throws InterruptedException {
        Subscription slow = listen(DEBUG);
        for (int i = 0; i < 1000; i++) {
            source.ring.add(debug(1, i));
        }
        until(() -> source.ring.size() <= 900);
        source.lost.set(0, 7);
        Subscription another = listen(DEBUG);
        another.close();
        until(() -> hub.listeners() == 1);
        assertThat(source.ring).as("read by nobody before there is room").hasSizeBetween(800, 900);
        List<Event> all = take(slow, 1001);
        assertThat(all.stream().filter(Event.Debug.class::isInstance)).hasSize(1000);
        assertThat(all).contains(new Event.Lost(0, 7));
    }

    @Test
    void theGapIsToldWhereItIs() throws InterruptedException {
        Subscription slow = listen(DEBUG);
        Subscription quick = listen(DEBUG);
        for (int i = 0; i < 150; i++) {
            source.ring.add(debug(1, i));
        }
        take(quick, 150);
        until(source.ring::isEmpty);
        take(slow, 50);
        Event last = debug(1, 1000);
        source.ring.add(last);
        List<Event> rest = take(slow, 52);
        assertThat(rest.get(50)).isInstanceOf(Event.Lost.class);
        assertThat(rest.get(51)).isEqualTo(last);
    }

    @Test
    void whatTheAgentTellsIsHeardOnlyByThoseWhoListen() throws InterruptedException {
        assertThat(hub.heard()).isFalse();
        hub.tell("Endpoint created", "{\"id\":1}");
        Subscription agent = listen(AGENT);
        assertThat(hub.heard()).isTrue();
        new AgentNotices(hub).endpointRegenerated(7, List.of("k8s:app=a"));
        assertThat(take(agent, 1))
                .allSatisfy(event -> assertThat(event)
                        .isInstanceOfSatisfying(
                                Event.Agent.class,
                                told -> assertThat(told.kind() + " " + told.json())
                                        .isEqualTo("Endpoint regenerated {\"id\":7,\"labels\":[\"k8s:app=a\"]}")));
        assertThat(switched).as("nothing is asked of the datapath").isEmpty();
    }

    @Test
    void tooManyListenersAreRefusedAndTheOthersStay() throws InterruptedException {
        listen(DEBUG);
        listen(DEBUG);
        listen(DEBUG);
        Ear fourth = new Ear();
        hub.subscribe(DEBUG, fourth);
        assertThat(fourth.failures.poll(5, TimeUnit.SECONDS)).hasMessageContaining("3 listen already (expected: 3");
        assertThat(hub.listeners()).isEqualTo(3);
    }

    @Test
    void aDatapathThatCannotBeToldIsAFailureOfTheListener() throws InterruptedException {
        refuses = true;
        Ear ear = new Ear();
        hub.subscribe(DEBUG, ear);
        assertThat(ear.failures.poll(5, TimeUnit.SECONDS)).hasMessageContaining("settings");
        assertThat(hub.listeners()).isZero();
        refuses = false;
        Subscription again = listen(DEBUG);
        assertThat(next()).containsExactly(SettingsMap.Event.DEBUG);
        refuses = true;
        again.close();
        until(() -> hub.listeners() == 0);
        refuses = false;
        assertThat(next()).as("switched off as soon as that can be said").isEmpty();
    }

    @Test
    void closingTellsListenersSwitchesOffAndThenReadsNoMore() throws InterruptedException {
        Ear ear = new Ear();
        hub.subscribe(DEBUG, ear);
        assertThat(next()).isNotEmpty();
        hub.close();
        assertThat(ear.failures.poll()).hasMessageContaining("the agent stops");
        assertThat(next()).isEmpty();
        assertThat(source.closed).isTrue();
        hub.tell("Endpoint created", "{}");
    }

    @Test
    void unknownTypesAreRefusedByName() {
        assertThatThrownBy(() -> EventFilter.of(List.of("drops"), List.of(), List.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("type: \"drops\" (expected: one of drop, debug, capture, trace, policy-verdict, agent)");
    }
}
