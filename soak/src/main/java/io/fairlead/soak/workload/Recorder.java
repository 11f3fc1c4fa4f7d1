package io.fairlead.soak.workload;

import io.fairlead.soak.history.History;
import io.fairlead.soak.history.History.Invocation;
import io.fairlead.soak.history.Kind;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.history.Outcome;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import java.util.function.Supplier;

/** Asks and writes down what came of it. */
record Recorder(History history, String process) {
    /** What an operation came to: the state it led to, if it was acknowledged. */
    record Result(Outcome outcome, String state, Status.Code code) {
        boolean isOk() {
            return outcome == Outcome.OK;
        }
    }

    /**
     * Asks.
     *
     * @param asked the state it should lead to, as far as known: {@link Operation#state}
     * @param call gives the state it led to
     * @param also a refusal that comes to the same as success, as NOT_FOUND does when something is deleted again
     */
    Result ask(Kind kind, String subject, String asked, Supplier<String> call, Optional<Status.Code> also) {
        Invocation invocation = history.invoke(process, kind, subject, asked);
        try {
            String state = call.get();
            invocation.ok(state);
            return new Result(Outcome.OK, state, Status.Code.OK);
        } catch (StatusRuntimeException e) {
            Status.Code code = e.getStatus().getCode();
            String said = code + ": " + e.getStatus().getDescription();
            if (also.isPresent() && also.get() == code) {
                invocation.ok(Operation.GONE);
                return new Result(Outcome.OK, Operation.GONE, code);
            }
            Outcome outcome = outcome(code);
            if (outcome == Outcome.FAIL) {
                invocation.fail(said);
            } else {
                invocation.unknown(said);
            }
            return new Result(outcome, asked, code);
        }
    }

    /** A refusal says that nothing was done; everything else says nothing of what was done. */
    private static Outcome outcome(Status.Code code) {
        return switch (code) {
            case INVALID_ARGUMENT,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    UNAUTHENTICATED,
                    UNIMPLEMENTED,
                    FAILED_PRECONDITION -> Outcome.FAIL;
            case OK,
                    CANCELLED,
                    UNKNOWN,
                    DEADLINE_EXCEEDED,
                    RESOURCE_EXHAUSTED,
                    ABORTED,
                    OUT_OF_RANGE,
                    INTERNAL,
                    UNAVAILABLE,
                    DATA_LOSS -> Outcome.UNKNOWN;
        };
    }
}
