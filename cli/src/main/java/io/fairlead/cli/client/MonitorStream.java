package io.fairlead.cli.client;

import io.fairlead.proto.agent.v1.AgentServiceGrpc.AgentServiceStub;
import io.fairlead.proto.agent.v1.MonitorEvent;
import io.fairlead.proto.agent.v1.MonitorRequest;
import io.fairlead.proto.agent.v1.MonitorResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the agent tells, one after the other. It is asked for more only when what it told was taken. One thread. */
public final class MonitorStream {
    private static final int AHEAD = 1024;
    private static final int DEBUG = 2;
    private static final int INGRESS = 1;

    private final String peer;
    private final Duration timeout;
    private final BlockingQueue<Item> waiting = new LinkedBlockingQueue<>();
    private final Answers answers = new Answers();
    // owned by: the thread that takes
    private boolean started;
    // owned by: the thread that takes
    private int taken;

    /**
     * What is to be told.
     *
     * @param types none for all
     * @param from endpoints that tell it
     * @param to endpoints it is about
     * @param relatedTo either
     */
    public record Query(List<String> types, List<Integer> from, List<Integer> to, List<Integer> relatedTo) {}

    /** A message, or how the stream ended; neither when it ended without a reason. */
    private record Item(
            @Nullable MonitorMessage message, @Nullable Throwable failure) {}

    MonitorStream(AgentServiceStub stub, Query query, String peer, Duration timeout) {
        this.peer = peer;
        this.timeout = timeout;
        stub.monitor(
                MonitorRequest.newBuilder()
                        .addAllTypes(query.types())
                        .addAllFrom(query.from())
                        .addAllTo(query.to())
                        .addAllRelatedTo(query.relatedTo())
                        .build(),
                answers);
    }

    private final class Answers implements ClientResponseObserver<MonitorRequest, MonitorResponse> {
        private volatile @Nullable ClientCallStreamObserver<MonitorRequest> call;

        @Override
        public void beforeStart(ClientCallStreamObserver<MonitorRequest> started) {
            started.disableAutoRequestWithInitial(AHEAD);
            call = started;
        }

        void more(int count) {
            ClientCallStreamObserver<MonitorRequest> now = call;
            if (now != null) {
                now.request(count);
            }
        }

        @Override
        public void onNext(MonitorResponse response) {
            MonitorMessage message = message(response);
            if (message == null) {
                // of a newer agent: nothing will take it, so more is asked for here
                more(1);
            } else {
                waiting.add(new Item(message, null));
            }
        }

        @Override
        public void onError(Throwable failure) {
            waiting.add(new Item(null, failure));
        }

        @Override
        public void onCompleted() {
            waiting.add(new Item(null, null));
        }
    }

    /** Whether nothing can be taken without waiting. */
    public boolean idle() {
        return waiting.isEmpty();
    }

    /**
     * The next message; the first within the time a call may take, the others whenever they come.
     *
     * @throws AgentException when there is no answer, the agent refuses, or it goes away
     * @throws InterruptedException when the calling thread is interrupted
     */
    public MonitorMessage next() throws InterruptedException {
        Item item = started ? waiting.take() : waiting.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (item == null) {
            throw Failures.explain(
                    Status.DEADLINE_EXCEEDED.asRuntimeException(), peer, timeout, "Is the agent running?");
        }
        MonitorMessage message = item.message();
        if (message == null) {
            throw ended(item.failure());
        }
        started = true;
        taken++;
        if (taken >= AHEAD / 2) {
            answers.more(taken);
            taken = 0;
        }
        return message;
    }

    private AgentException ended(@Nullable Throwable failure) {
        if (failure instanceof StatusRuntimeException e && !started) {
            return Failures.explain(e, peer, timeout, "Is the agent running?");
        }
        if (failure == null) {
            return new AgentException(peer + " went away: it ended the stream");
        }
        return new AgentException(
                peer + " went away: " + Status.fromThrowable(failure).getDescription(), failure);
    }

    private static @Nullable MonitorMessage message(MonitorResponse response) {
        return switch (response.getEventCase()) {
            case START -> {
                var start = response.getStart();
                yield new MonitorMessage.Start(start.getCpus(), start.getPages(), start.getPageSize());
            }
            case DATAPATH -> datapath(response.getDatapath());
            case AGENT -> {
                var agent = response.getAgent();
                yield new MonitorMessage.Agent(agent.getType(), agent.getText(), agent.getTimeNs());
            }
            case LOST ->
                new MonitorMessage.Lost(
                        response.getLost().getCpu(), response.getLost().getCount());
            case EVENT_NOT_SET -> null;
        };
    }

    private static MonitorMessage datapath(MonitorEvent event) {
        var header = new MonitorMessage.Header(
                event.getType(),
                event.getSubtype(),
                event.getCpu(),
                event.getMark(),
                event.getSource(),
                event.getTimeNs());
        if (event.getType() == DEBUG) {
            int[] arguments = new int[3];
            for (int i = 0; i < Math.min(arguments.length, event.getArgumentsCount()); i++) {
                arguments[i] = event.getArguments(i);
            }
            return new MonitorMessage.Debug(header, arguments);
        }
        String device = event.getInterfaceName();
        if (device.isEmpty() && event.getIfindex() != 0) {
            device = Integer.toUnsignedString(event.getIfindex());
        }
        return new MonitorMessage.Packet(
                header,
                new MonitorMessage.Verdict(
                        event.getVerdict(),
                        event.getDstPort(),
                        event.getProtocol(),
                        event.getDirection() == INGRESS,
                        event.getMatch(),
                        event.getAudited(),
                        event.getRule()),
                event.getLength(),
                event.getSrcIdentity(),
                event.getDstIdentity(),
                event.getDstEndpoint(),
                device,
                event.getState(),
                event.getOriginalIp(),
                event.getPayload().toByteArray());
    }
}
