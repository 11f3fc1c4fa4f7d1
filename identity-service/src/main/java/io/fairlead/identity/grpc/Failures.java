package io.fairlead.identity.grpc;

import io.fairlead.identity.allocation.IdentityException;
import io.fairlead.identity.policy.PolicyException;
import io.fairlead.kvstore.KvException;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Which gRPC status a failure of this service is. */
final class Failures {
    private static final Statuses STATUSES =
            new Statuses(failure -> failure instanceof KvException kv ? Optional.of(kv.kind()) : Optional.empty());

    private static final int MAX_TRAILER = 7_000;

    private Failures() {}

    static StatusRuntimeException status(Throwable failure) {
        if (failure instanceof PolicyException refused) {
            Status status = switch (refused.reason()) {
                case INVALID -> Status.INVALID_ARGUMENT;
                case UNKNOWN -> Status.NOT_FOUND;
                case BUSY -> Status.ABORTED;
            };
            return status.withDescription(shortened(String.valueOf(refused.getMessage())))
                    .asRuntimeException();
        }
        if (!(failure instanceof IdentityException refused)) {
            return STATUSES.toStatus(failure);
        }
        Status status = switch (refused.reason()) {
            case INVALID -> Status.INVALID_ARGUMENT;
            case UNKNOWN -> Status.NOT_FOUND;
            case EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
            case REFUSED -> Status.FAILED_PRECONDITION;
            case BUSY -> Status.ABORTED;
        };
        return status.withDescription(refused.getMessage()).asRuntimeException();
    }

    /** A client takes trailers of 8 KiB only; in them, what is not plain ASCII takes three bytes each. */
    private static String shortened(String message) {
        List<String> lines = message.lines().toList();
        StringBuilder text = new StringBuilder();
        int room = MAX_TRAILER;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            room -= 3;
            for (byte b : line.getBytes(StandardCharsets.UTF_8)) {
                room -= b < 0x20 || b == '%' || b > '~' ? 3 : 1;
            }
            if (room < 0) {
                return text.append("and ")
                        .append(lines.size() - i)
                        .append(" more")
                        .toString();
            }
            text.append(line).append(i == lines.size() - 1 ? "" : "\n");
        }
        return text.toString();
    }
}
