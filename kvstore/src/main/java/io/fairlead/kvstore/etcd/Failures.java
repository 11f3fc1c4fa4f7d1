package io.fairlead.kvstore.etcd;

import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KvException;
import io.grpc.Status;

/** What a status of grpc means for the caller. */
final class Failures {
    private Failures() {}

    static KvException of(String what, Throwable cause) {
        if (cause instanceof KvException known) {
            return known;
        }
        Status status = Status.fromThrowable(cause);
        // behind the first line come stack frames and buffers, for nobody who reads a log or a status
        String said = status.getDescription() == null
                ? status.getCode().toString()
                : status.getCode() + " "
                        + status.getDescription().lines().findFirst().orElse("").strip();
        return new KvException(kind(status), what + ": " + said, cause);
    }

    /** True when a read or a watch asked for a revision that is no longer kept. */
    static boolean isCompacted(Throwable cause) {
        return Status.fromThrowable(cause).getCode() == Status.Code.OUT_OF_RANGE;
    }

    static boolean isNotFound(Throwable cause) {
        return Status.fromThrowable(cause).getCode() == Status.Code.NOT_FOUND;
    }

    /** True when an answer is larger than what is taken from a server. */
    static boolean isTooLarge(Throwable cause) {
        Status status = Status.fromThrowable(cause);
        return status.getCode() == Status.Code.RESOURCE_EXHAUSTED
                && isTooLarge(String.valueOf(status.getDescription()));
    }

    private static boolean isTooLarge(String description) {
        return description.contains("exceeds maximum size") || description.contains("message larger than max");
    }

    private static FailureKind kind(Status status) {
        return switch (status.getCode()) {
            case OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE -> FailureKind.RETRY;
            case RESOURCE_EXHAUSTED ->
                // a full or busy server recovers; a message above the server's limit or our own stays above it
                isTooLarge(String.valueOf(status.getDescription())) ? FailureKind.GIVE_UP : FailureKind.RETRY;
            // a compacted revision, or a lease that is gone
            case OUT_OF_RANGE, NOT_FOUND, DATA_LOSS -> FailureKind.RESYNC;
            case INVALID_ARGUMENT,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    FAILED_PRECONDITION,
                    UNIMPLEMENTED,
                    UNAUTHENTICATED -> FailureKind.GIVE_UP;
        };
    }
}
