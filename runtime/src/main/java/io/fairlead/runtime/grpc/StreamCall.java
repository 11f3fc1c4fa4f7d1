package io.fairlead.runtime.grpc;

import io.grpc.CallOptions;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** A stream on one replica: it ends with UNAVAILABLE when the replica is given up, and is opened again by its user. */
final class StreamCall<Q, A> extends SimpleForwardingClientCall<Q, A> implements ReplicaCall {
    private final ReplicaChannel all;
    private final Replica replica;
    private volatile @Nullable String left;

    StreamCall(ReplicaChannel all, Replica replica, MethodDescriptor<Q, A> method, CallOptions options) {
        super(replica.channel().newCall(method, options));
        this.all = all;
        this.replica = replica;
    }

    @Override
    public Replica on() {
        return replica;
    }

    @Override
    public void leave(String reason) {
        left = reason;
        cancel(reason, null);
    }

    @Override
    public void start(Listener<A> listener, Metadata headers) {
        all.opened(this);
        super.start(
                new SimpleForwardingClientCallListener<>(listener) {
                    @Override
                    public void onMessage(A message) {
                        replica.hear();
                        super.onMessage(message);
                    }

                    @Override
                    public void onClose(Status said, Metadata trailers) {
                        Status status = Replica.ended(said);
                        all.closed(StreamCall.this);
                        String reason = left;
                        if (reason == null && status.getCode() == Status.Code.UNAVAILABLE) {
                            all.avoid(replica, String.valueOf(status.getDescription()));
                        }
                        super.onClose(reason == null ? status : Status.UNAVAILABLE.withDescription(reason), trailers);
                    }
                },
                headers);
    }
}
