package io.fairlead.runtime.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A question with one answer: asked again at another replica when one is not available or is given up, at most once at
 * each and within one deadline. Every such method of the services may be repeated.
 */
final class UnaryCall<Q, A> extends ClientCall<Q, A> implements ReplicaCall {
    private final ReplicaChannel all;
    private final MethodDescriptor<Q, A> method;
    private final CallOptions options;
    private volatile Replica replica; // written under: this
    // guarded by: this, as is all below; a lock that is taken before that of the channel
    private final Set<Replica> tried = new HashSet<>();
    // the first, asked while its connection had failed before: it may be back, so that it is asked again at last
    private @Nullable Replica unseen;
    private ClientCall<Q, A> attempt;
    private @Nullable Listener<A> listener;
    private Metadata headers = new Metadata();
    private @Nullable Q message;
    private int requested;
    private boolean complete;
    private boolean repeat;
    private boolean answered;
    private boolean cancelled;
    private @Nullable String left;

    UnaryCall(ReplicaChannel all, Replica first, MethodDescriptor<Q, A> method, CallOptions options) {
        this.all = all;
        this.method = method;
        this.options = options;
        this.replica = first;
        this.attempt = first.channel().newCall(method, options);
    }

    @Override
    public Replica on() {
        return replica;
    }

    @Override
    public void leave(String reason) {
        ClientCall<Q, A> given;
        synchronized (this) {
            left = reason;
            given = attempt;
        }
        given.cancel(reason, null);
    }

    @Override
    public synchronized void start(Listener<A> answers, Metadata said) {
        listener = answers;
        headers = said;
        tried.add(replica);
        unseen = replica.isAway() ? replica : null;
        all.opened(this);
        attempt.start(new Answers(replica), copy(said));
    }

    @Override
    public synchronized void request(int messages) {
        requested += messages;
        attempt.request(messages);
    }

    @Override
    public synchronized void sendMessage(Q question) {
        message = question;
        attempt.sendMessage(question);
    }

    @Override
    public synchronized void halfClose() {
        complete = true;
        if (repeat) {
            ask();
        } else {
            attempt.halfClose();
        }
    }

    @Override
    public void cancel(@Nullable String reason, @Nullable Throwable cause) {
        ClientCall<Q, A> given;
        synchronized (this) {
            cancelled = true;
            given = attempt;
        }
        given.cancel(reason, cause);
    }

    private synchronized void ask() {
        repeat = false;
        left = null;
        tried.add(replica);
        attempt = replica.channel().newCall(method, options);
        attempt.start(new Answers(replica), copy(headers));
        attempt.request(requested);
        attempt.sendMessage(message);
        attempt.halfClose();
        if (cancelled) {
            attempt.cancel("cancelled before it was asked elsewhere", null);
        }
    }

    /** Takes the question elsewhere; false when there is nowhere to go or no reason to. */
    private synchronized boolean goesOn(Status status) {
        boolean away = left != null || status.getCode() == Status.Code.UNAVAILABLE;
        if (!away || answered || cancelled) {
            return false;
        }
        Replica next = all.untried(tried);
        if (next == null) {
            next = unseen;
            unseen = null;
        }
        if (next == null) {
            return false;
        }
        replica = next;
        if (complete) {
            all.reached(next, this::ask);
        } else {
            repeat = true;
        }
        return true;
    }

    private synchronized Status shown(Status status) {
        return left == null || cancelled ? status : Status.UNAVAILABLE.withDescription(left);
    }

    private synchronized Listener<A> listener() {
        Listener<A> present = listener;
        if (present == null) {
            throw new IllegalStateException("a call was answered before it was started");
        }
        return present;
    }

    private static Metadata copy(Metadata headers) {
        Metadata copy = new Metadata();
        copy.merge(headers);
        return copy;
    }

    private final class Answers extends Listener<A> {
        private final Replica from;

        Answers(Replica from) {
            this.from = from;
        }

        @Override
        public void onHeaders(Metadata said) {
            listener().onHeaders(said);
        }

        @Override
        public void onMessage(A answer) {
            from.hear();
            synchronized (UnaryCall.this) {
                answered = true;
            }
            listener().onMessage(answer);
        }

        @Override
        public void onClose(Status said, Metadata trailers) {
            Status status = Replica.ended(said);
            if (status.getCode() == Status.Code.UNAVAILABLE) {
                all.ask(from);
            }
            if (!goesOn(status)) {
                all.closed(UnaryCall.this);
                listener().onClose(shown(status), trailers);
            }
        }

        @Override
        public void onReady() {
            listener().onReady();
        }
    }
}
