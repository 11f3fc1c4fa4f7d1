package io.fairlead.node.cni;

import io.fairlead.node.endpoint.EndpointException;
import io.fairlead.node.kernel.KernelException;

/** Which CNI code a failure has. */
final class CniFailures {
    private CniFailures() {}

    static CniException of(RuntimeException failure) {
        if (failure instanceof CniException cni) {
            return cni;
        }
        if (failure instanceof EndpointException endpoint) {
            return new CniException(code(endpoint.reason()), endpoint.getMessage(), undone(failure), failure);
        }
        if (failure instanceof KernelException kernel) {
            return new CniException(code(kernel), kernel.getMessage(), undone(failure), failure);
        }
        return new CniException(CniCode.INTERNAL, "internal error", failure.toString(), failure);
    }

    private static CniCode code(EndpointException.Reason reason) {
        return switch (reason) {
            case EXISTS -> CniCode.INTERFACE_EXISTS;
            case UNKNOWN -> CniCode.UNKNOWN_CONTAINER;
            case ADDRESS -> CniCode.ADDRESS_UNAVAILABLE;
            case BUSY, UNAVAILABLE, LOST -> CniCode.TRY_AGAIN;
            case REFUSED -> CniCode.INVALID_CONFIG;
            case STORAGE -> CniCode.IO;
        };
    }

    private static CniCode code(KernelException failure) {
        return switch (failure.kind()) {
            case RETRY, RESYNC -> CniCode.TRY_AGAIN;
            case GIVE_UP -> CniCode.KERNEL;
        };
    }

    /** What went wrong while the command was undone, if anything. */
    private static String undone(RuntimeException failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable suppressed : failure.getSuppressed()) {
            text.append(text.isEmpty() ? "" : "; ").append(suppressed.getMessage());
        }
        return text.toString();
    }
}
