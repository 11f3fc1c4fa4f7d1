package io.fairlead.kvstore.etcd;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Puts a deadline on every unary call: without one, a call on a dead or stopped server never ends. */
record DeadlineInterceptor(Duration deadline) implements ClientInterceptor {
    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        boolean unary = method.getType() == MethodDescriptor.MethodType.UNARY;
        return next.newCall(
                method,
                unary && options.getDeadline() == null
                        ? options.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS)
                        : options);
    }
}
