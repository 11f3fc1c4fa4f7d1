package io.fairlead.node.cni;

/** A CNI command that failed, in the terms of the specification. */
final class CniException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final CniCode code;
    private final String details;

    CniException(CniCode code, String message) {
        this(code, message, "");
    }

    CniException(CniCode code, String message, String details) {
        super(message);
        this.code = code;
        this.details = details;
    }

    CniException(CniCode code, String message, String details, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.details = details;
    }

    CniCode code() {
        return code;
    }

    /** More for a person, may be empty. */
    String details() {
        return details;
    }
}
