package io.fairlead.runtime.grpc.tls;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

/** A call that can be ended under its handler's hands: what the handler still says afterwards is dropped. Any thread. */
final class EndableCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    // owned by: the monitor of this
    private boolean ended;

    EndableCall(ServerCall<Q, A> call) {
        super(call);
    }

    synchronized void end(Status status) {
        if (!ended) {
            ended = true;
            super.close(status, new Metadata());
        }
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
        if (!ended) {
            super.sendHeaders(headers);
        }
    }

    @Override
    public synchronized void sendMessage(A message) {
        if (!ended) {
            super.sendMessage(message);
        }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
        if (!ended) {
            super.close(status, trailers);
        }
    }
}
