package io.fairlead.runtime.grpc;

import io.fairlead.contract.FailureKind;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where failures become gRPC statuses, and statuses say what should happen next.
 *
 * <p>A service says how it knows the kind of its own exceptions; what nobody knows is INTERNAL and is logged.
 */
public final class Statuses {
    private static final Logger LOGGER = LoggerFactory.getLogger(Statuses.class);

    private final Function<Throwable, Optional<FailureKind>> kindOf;

    /**
     * Statuses for a service's exceptions.
     *
     * @param kindOf the kind of an exception it knows, such as a store's; empty for others
     */
    public Statuses(Function<Throwable, Optional<FailureKind>> kindOf) {
        this.kindOf = kindOf;
    }

    /** The failure as a client sees it. */
    public StatusRuntimeException toStatus(Throwable failure) {
        if (failure instanceof StatusRuntimeException e) {
            return e;
        }
        if (failure instanceof StatusException e) {
            return e.getStatus().asRuntimeException();
        }
        Optional<FailureKind> kind = kindOf.apply(failure);
        if (kind.isPresent()) {
            return of(kind.get(), String.valueOf(failure.getMessage()));
        }
        String message = String.valueOf(failure.getMessage());
        if (failure instanceof IllegalArgumentException) {
            return Status.INVALID_ARGUMENT.withDescription(message).asRuntimeException();
        }
        LOGGER.atError().setCause(failure).log("call failed unexpectedly");
        return Status.INTERNAL.withDescription(failure.toString()).asRuntimeException();
    }

    /** A failure of a kind: RETRY is UNAVAILABLE, RESYNC is ABORTED, GIVE_UP is FAILED_PRECONDITION. */
    public static StatusRuntimeException of(FailureKind kind, String message) {
        Status status = switch (kind) {
            case RETRY -> Status.UNAVAILABLE;
            case RESYNC -> Status.ABORTED;
            case GIVE_UP -> Status.FAILED_PRECONDITION;
        };
        return status.withDescription(message).asRuntimeException();
    }

    /** A failed call for people. What grpc-netty describes as "io exception" has the reason in its cause only. */
    public static String text(Throwable failure) {
        Throwable cause = failure.getCause();
        if (failure instanceof StatusRuntimeException e && cause instanceof IOException && cause.getMessage() != null) {
            return e.getStatus().getCode() + ": " + cause.getMessage();
        }
        return String.valueOf(failure.getMessage());
    }

    /** What a client should do about a failed call. */
    public static FailureKind kindOf(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL, UNKNOWN, RESOURCE_EXHAUSTED -> FailureKind.RETRY;
            case ABORTED, OUT_OF_RANGE, DATA_LOSS -> FailureKind.RESYNC;
            case OK,
                    INVALID_ARGUMENT,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    FAILED_PRECONDITION,
                    UNIMPLEMENTED,
                    UNAUTHENTICATED -> FailureKind.GIVE_UP;
        };
    }
}
