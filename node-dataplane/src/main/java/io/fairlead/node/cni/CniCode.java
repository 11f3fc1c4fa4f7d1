package io.fairlead.node.cni;

/** Error codes: below 100 the CNI specification's, from 100 on our own, 999 what libcni uses for the unforeseen. */
enum CniCode {
    INCOMPATIBLE_VERSION(1),
    UNSUPPORTED_FIELD(2),
    UNKNOWN_CONTAINER(3),
    INVALID_ENVIRONMENT(4),
    IO(5),
    DECODE(6),
    INVALID_CONFIG(7),
    TRY_AGAIN(11),
    NOT_AVAILABLE(50),
    INTERFACE_EXISTS(100),
    ADDRESS_UNAVAILABLE(101),
    CHECK_FAILED(102),
    GC_INCOMPLETE(103),
    KERNEL(104),
    INTERNAL(999);

    private final int number;

    CniCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
