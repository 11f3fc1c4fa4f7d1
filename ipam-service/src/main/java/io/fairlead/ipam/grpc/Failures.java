package io.fairlead.ipam.grpc;

import io.fairlead.ipam.allocation.IpamException;
import io.fairlead.kvstore.KvException;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Optional;

/** Which gRPC status a failure of this service is. */
final class Failures {
    private static final Statuses STATUSES =
            new Statuses(failure -> failure instanceof KvException kv ? Optional.of(kv.kind()) : Optional.empty());

    private Failures() {}

    static StatusRuntimeException status(Throwable failure) {
        if (!(failure instanceof IpamException refused)) {
            return STATUSES.toStatus(failure);
        }
        Status status = switch (refused.reason()) {
            case INVALID -> Status.INVALID_ARGUMENT;
            case NOT_FOUND -> Status.NOT_FOUND;
            case CONFLICT -> Status.ALREADY_EXISTS;
            case EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
            case REFUSED -> Status.FAILED_PRECONDITION;
            case BUSY -> Status.ABORTED;
        };
        return status.withDescription(refused.getMessage()).asRuntimeException();
    }
}
