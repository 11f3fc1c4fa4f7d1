package io.fairlead.kvstore.etcd;

import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KvException;
import io.grpc.Status;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;

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
        said += certificate(cause);
        return new KvException(kind(status), what + ": " + said, cause);
    }

    /** A handshake that failed: the reason is the innermost. */
    private static String certificate(Throwable cause) {
        String reason = "";
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof SSLException || each instanceof CertificateException) {
                reason = ": " + each.getMessage();
            }
        }
        return reason;
    }

    /** True when a read or a watch asked for a revision that is no longer kept. */
    static boolean isCompacted(Throwable cause) {
        return Status.fromThrowable(cause).getCode() == Status.Code.OUT_OF_RANGE;
    }

    static boolean isNotFound(Throwable cause) {
        return Status.fromThrowable(cause).getCode() == Status.Code.NOT_FOUND;
    }

    /** True when etcd knows who asks and refuses. */
    static boolean isDenied(Throwable cause) {
        return statusOf(cause).getCode() == Status.Code.PERMISSION_DENIED;
    }

    /** True when etcd no longer knows the token, or never got one. */
    static boolean isTokenRefused(Throwable cause) {
        Status status = statusOf(cause);
        String said = String.valueOf(status.getDescription());
        return switch (status.getCode()) {
            case UNAUTHENTICATED -> true;
            case INVALID_ARGUMENT, UNKNOWN ->
                said.contains("auth token")
                        || said.contains("user name is empty")
                        || said.contains("auth store is old");
            default -> false;
        };
    }

    /** True when etcd takes everybody, and so has no tokens to give. */
    static boolean isAuthOff(Throwable cause) {
        return String.valueOf(statusOf(cause).getDescription()).contains("authentication is not enabled");
    }

    private static Status statusOf(Throwable cause) {
        return Status.fromThrowable(
                cause instanceof KvException known && known.getCause() != null ? known.getCause() : cause);
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
