package io.fairlead.node.api;

import com.google.protobuf.UnsafeByteOperations;
import io.fairlead.contract.Ip;
import io.fairlead.node.monitor.Event;
import io.fairlead.node.monitor.Subscription;
import io.fairlead.proto.agent.v1.AgentEvent;
import io.fairlead.proto.agent.v1.LostEvents;
import io.fairlead.proto.agent.v1.MonitorEvent;
import io.fairlead.proto.agent.v1.MonitorResponse;
import io.fairlead.proto.agent.v1.MonitorStart;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One caller of Monitor. Sends while the caller takes; what the caller does not take waits in the subscription. */
final class MonitorStream implements Subscription.Listener {
    private static final Logger LOGGER = LoggerFactory.getLogger(MonitorStream.class);
    /** Events sent in a row before others have their turn. */
    private static final int TURN = 512;

    private final ServerCallStreamObserver<MonitorResponse> call;
    private final Executor sender;
    private final Function<Throwable, ? extends Throwable> status;
    private final AtomicBoolean scheduled = new AtomicBoolean();
    // owned by: this object's lock
    private @Nullable MonitorStart start;
    // owned by: this object's lock
    private @Nullable Subscription subscription;
    // owned by: this object's lock
    private boolean ended;

    /**
     * @param start what is sent first
     * @param status what a failure is to the caller
     */
    MonitorStream(
            ServerCallStreamObserver<MonitorResponse> call,
            MonitorStart start,
            Executor sender,
            Function<Throwable, ? extends Throwable> status) {
        this.call = call;
        this.start = start;
        this.sender = sender;
        this.status = status;
    }

    @Override
    public synchronized void started(Subscription begun) {
        subscription = begun;
        ready();
    }

    @Override
    public void ready() {
        if (scheduled.compareAndSet(false, true)) {
            execute(this::send);
        }
    }

    @Override
    public void failed(RuntimeException failure) {
        execute(() -> fail(failure));
    }

    private void execute(Runnable task) {
        try {
            sender.execute(task);
        } catch (RejectedExecutionException e) {
            LOGGER.atDebug().log("an event comes while the agent stops");
        }
    }

    private synchronized void fail(RuntimeException failure) {
        if (!ended) {
            ended = true;
            call.onError(status.apply(failure));
        }
    }

    private synchronized void send() {
        // what comes from now on asks for another turn
        scheduled.set(false);
        if (subscription == null || ended) {
            return;
        }
        try {
            if (start != null) {
                call.onNext(MonitorResponse.newBuilder().setStart(start).build());
                start = null;
            }
            for (int i = 0; i < TURN; i++) {
                Event event = call.isReady() ? subscription.poll() : null;
                if (event == null) {
                    return;
                }
                call.onNext(message(event));
            }
            ready();
        } catch (RuntimeException e) {
            LOGGER.atDebug().addKeyValue("error", e.getMessage()).log("a caller of monitor is gone");
            ended = true;
            subscription.close();
        }
    }

    static MonitorResponse message(Event event) {
        MonitorResponse.Builder response = MonitorResponse.newBuilder();
        if (event instanceof Event.Debug debug) {
            MonitorEvent.Builder message = message(debug.header());
            for (int argument : debug.arguments()) {
                message.addArguments(argument);
            }
            response.setDatapath(message);
        } else if (event instanceof Event.Packet packet) {
            response.setDatapath(message(packet));
        } else if (event instanceof Event.Agent agent) {
            response.setAgent(AgentEvent.newBuilder()
                    .setType(agent.kind())
                    .setText(agent.json())
                    .setTimeNs(agent.time()));
        } else if (event instanceof Event.Lost lost) {
            response.setLost(LostEvents.newBuilder().setCpu(lost.cpu()).setCount(lost.count()));
        }
        return response.build();
    }

    private static MonitorEvent.Builder message(Event.Header header) {
        return MonitorEvent.newBuilder()
                .setType(header.type())
                .setSubtype(header.subtype())
                .setCpu(header.cpu())
                .setMark(header.mark())
                .setSource(header.source())
                .setTimeNs(header.time());
    }

    private static MonitorEvent.Builder message(Event.Packet packet) {
        Event.Verdict verdict = packet.verdict();
        return message(packet.header())
                .setLength(packet.length())
                .setSrcIdentity(packet.parties().source())
                .setDstIdentity(packet.parties().destination())
                .setDstEndpoint(packet.parties().endpoint())
                .setIfindex(packet.ifindex())
                .setInterfaceName(packet.interfaceName())
                .setVerdict(verdict.verdict())
                .setDstPort(verdict.port())
                .setProtocol(verdict.protocol())
                .setDirection(verdict.direction())
                .setMatch(verdict.match())
                .setAudited(verdict.audited())
                .setRule(verdict.rule())
                .setState(packet.state())
                .setIpv6(packet.ipv6())
                .setOriginalIp(Ip.of(packet.originalIp()).toString())
                // the event is handed to nobody who writes
                .setPayload(UnsafeByteOperations.unsafeWrap(packet.payload()));
    }
}
