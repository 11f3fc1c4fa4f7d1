package io.fairlead.soak.fault;

/** Kinds of faults. */
public enum FaultKind {
    /** kill -9 of one replica of each of some services. */
    KILL_REPLICAS,
    /** kill -9 of every replica of a service. */
    KILL_SERVICE,
    /** SIGSTOP of one replica of each of some services. */
    PAUSE_REPLICAS,
    /** SIGSTOP of every replica of a service. */
    PAUSE_SERVICE,
    /** One replica of each of some services is cut off from etcd and nodes. */
    CUT_REPLICAS,
    /** Every replica of a service is cut off. */
    CUT_SERVICE,
    /** Wall clocks of all replicas jump, each somewhere else, and back. */
    CLOCKS,
    /** kill -9 of one member of etcd. */
    KILL_MEMBER,
    /** kill -9 of two members: there is no quorum. */
    KILL_MAJORITY,
    /** SIGSTOP of one member. */
    PAUSE_MEMBER,
    /** SIGSTOP of two members. */
    PAUSE_MAJORITY,
    /** One member is cut off. */
    CUT_MEMBER,
    /** Two members are cut off. */
    CUT_MAJORITY,
    /** A member starts again with clocks that count from another boot. */
    REBOOT_MEMBER,
    /** All nodes are cut off from all services. */
    CUT_NODES,
    /** etcd runs out of space. Needs the workload: it is a trial of its own. */
    NO_SPACE,
    /** Values that cannot be read are written. A trial of its own. */
    CORRUPT;

    /** True for what is more than something to begin and to heal, and happens alone. */
    public boolean isTrial() {
        return this == NO_SPACE || this == CORRUPT;
    }
}
