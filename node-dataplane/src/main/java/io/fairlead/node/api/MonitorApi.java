package io.fairlead.node.api;

import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.monitor.EventFilter;
import io.fairlead.node.monitor.MonitorHub;
import io.fairlead.proto.agent.v1.MonitorRequest;
import io.fairlead.proto.agent.v1.MonitorResponse;
import io.fairlead.proto.agent.v1.MonitorStart;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.concurrent.Executor;

/** Answers {@code fairlead monitor}: what is told from now on, until the caller ends it. */
public final class MonitorApi {
    private static final Statuses STATUSES =
            new Statuses(failure -> failure instanceof KernelException e ? Optional.of(e.kind()) : Optional.empty());
    private static final int PAGE = 4096;

    private final MonitorHub hub;
    private final Executor sender;

    /**
     * @param sender where events are sent, a thread of its own: an answer that waits for the kernel would hold them up
     */
    public MonitorApi(MonitorHub hub, Executor sender) {
        this.hub = hub;
        this.sender = sender;
    }

    /** Never blocks; the observer is a server call's. */
    public void monitor(MonitorRequest request, StreamObserver<MonitorResponse> to) {
        EventFilter filter;
        try {
            filter = EventFilter.of(
                    request.getTypesList(), request.getFromList(), request.getToList(), request.getRelatedToList());
        } catch (IllegalArgumentException e) {
            to.onError(Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
            return;
        }
        ServerCallStreamObserver<MonitorResponse> call = (ServerCallStreamObserver<MonitorResponse>) to;
        MonitorStart start = MonitorStart.newBuilder()
                .setCpus(hub.processors())
                .setPages(hub.sharedBytes() / PAGE / hub.processors())
                .setPageSize(PAGE)
                .build();
        MonitorStream stream = new MonitorStream(call, start, sender, STATUSES::toStatus);
        call.setOnReadyHandler(stream::ready);
        var subscription = hub.subscribe(filter, stream);
        call.setOnCancelHandler(subscription::close);
    }
}
