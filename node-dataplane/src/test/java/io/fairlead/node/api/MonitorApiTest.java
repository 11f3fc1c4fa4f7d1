package io.fairlead.node.api;

import static io.fairlead.node.monitor.FakeSource.debug;
import static io.fairlead.node.monitor.FakeSource.packet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.node.Served;
import io.fairlead.node.monitor.EventType;
import io.fairlead.node.monitor.FakeSource;
import io.fairlead.node.monitor.MonitorHub;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceBlockingStub;
import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceImplBase;
import io.fairlead.proto.agent.v1.MonitorEvent;
import io.fairlead.proto.agent.v1.MonitorRequest;
import io.fairlead.proto.agent.v1.MonitorResponse;
import io.fairlead.proto.agent.v1.MonitorResponse.EventCase;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Monitor over a socket, from a ring in memory. */
class MonitorApiTest {
    @TempDir
    private Path directory;

    private final FakeSource source = new FakeSource();
    private final ExecutorService sender = Executors.newSingleThreadExecutor();
    private final MonitorHub hub = MonitorHub.start(source, events -> {}, MonitorHub.Limits.DEFAULT);
    private Served served;
    private AgentServiceBlockingStub api;

    @BeforeEach
    void start() throws IOException {
        MonitorApi answers = new MonitorApi(hub, sender);
        served = new Served(directory, new AgentServiceImplBase() {
            @Override
            public void monitor(MonitorRequest request, StreamObserver<MonitorResponse> to) {
                answers.monitor(request, to);
            }
        });
        api = AgentServiceGrpc.newBlockingStub(served.channel());
    }

    @AfterEach
    void stop() {
        hub.close();
        served.close();
        sender.shutdownNow();
    }

    private void awaitListeners(int count) {
        long deadline = System.nanoTime() + 5_000_000_000L;
        while (hub.listeners() != count) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void theStartIsFirstAndThenEverythingIsTold() {
        Iterator<MonitorResponse> stream = api.monitor(MonitorRequest.getDefaultInstance());
        MonitorResponse start = stream.next();
        assertThat(start.getStart().getCpus()).isEqualTo(2);
        // a megabyte, shared by two processors
        assertThat(start.getStart().getPages()).isEqualTo(128);
        assertThat(start.getStart().getPageSize()).isEqualTo(4096);
        source.ring.add(debug(7, 42));
        MonitorEvent told = stream.next().getDatapath();
        assertThat(told.getArgumentsList()).containsExactly(42, 0, 0);
        assertThat(told.getCpu()).isEqualTo(1);
        source.ring.add(packet(EventType.TRACE, 7, 8));
        told = stream.next().getDatapath();
        assertThat(told.getInterfaceName()).isEqualTo("lxca");
        assertThat(told.getOriginalIp()).isEqualTo("10.0.0.1");
        assertThat(told.getPayload().toByteArray()).containsExactly(1, 2, 3);
        assertThat(told.getRule()).isEqualTo("NetworkPolicy default/x");
        assertThat(told.getVerdict()).isEqualTo(-133);
        hub.tell("Endpoint created", "{\"id\":1}");
        assertThat(stream.next().getAgent().getText()).isEqualTo("{\"id\":1}");
    }

    @Test
    void aCallerThatGoesIsForgotten() {
        Context.CancellableContext context = Context.current().withCancellation();
        context.run(() -> {
            Iterator<MonitorResponse> stream = api.monitor(MonitorRequest.getDefaultInstance());
            assertThat(stream.next().hasStart()).isTrue();
        });
        awaitListeners(1);
        context.cancel(null);
        awaitListeners(0);
    }

    @Test
    void unknownTypesAreRefused() {
        Iterator<MonitorResponse> stream =
                api.monitor(MonitorRequest.newBuilder().addTypes("drops").build());
        assertThatThrownBy(stream::next)
                .matches(e -> Status.fromThrowable(e).getCode() == Status.Code.INVALID_ARGUMENT)
                .hasMessageContaining("type: \"drops\" (expected: one of drop");
    }

    @Test
    void aCallerThatDoesNotReadIsToldWhatItMissedAndHoldsUpNobody() {
        Iterator<MonitorResponse> slow = api.monitor(MonitorRequest.getDefaultInstance());
        assertThat(slow.next().hasStart()).isTrue();
        Iterator<MonitorResponse> quick =
                api.monitor(MonitorRequest.newBuilder().addFrom(7).build());
        assertThat(quick.next().hasStart()).isTrue();
        int count = 200_000;
        for (int i = 0; i < count; i++) {
            source.ring.add(debug(8, i));
        }
        source.ring.add(debug(7, 1));
        assertThat(quick.next().getDatapath().getSource()).isEqualTo(7);
        long told = 0;
        long lost = 0;
        while (told + lost < count + 1) {
            MonitorResponse response = slow.next();
            told += response.getEventCase() == EventCase.DATAPATH ? 1 : 0;
            lost += response.getLost().getCount();
        }
        assertThat(lost).isPositive();
        assertThat(told).isPositive();
    }

    @Test
    void anAgentThatStopsSaysSo() {
        Iterator<MonitorResponse> stream = api.monitor(MonitorRequest.getDefaultInstance());
        assertThat(stream.next().hasStart()).isTrue();
        hub.close();
        assertThatThrownBy(stream::next)
                .matches(e -> Status.fromThrowable(e).getCode() == Status.Code.UNAVAILABLE)
                .hasMessageContaining("the agent stops");
    }
}
