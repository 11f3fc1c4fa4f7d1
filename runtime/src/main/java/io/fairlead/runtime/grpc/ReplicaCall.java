package io.fairlead.runtime.grpc;

/** A call that is under way on one of several replicas. */
interface ReplicaCall {
    /** The replica that is to answer it. */
    Replica on();

    /** Its replica is given up: the call goes elsewhere, or ends. Any thread. */
    void leave(String reason);
}
