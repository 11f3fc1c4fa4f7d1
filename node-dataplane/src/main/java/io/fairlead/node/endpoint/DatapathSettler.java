package io.fairlead.node.endpoint;

/** Hands endpoints to the one writer of the kernel. Several threads may call. */
public interface DatapathSettler {
    /**
     * Begins what takes long and depends on the device alone: attaches the programs, which let nothing through before
     * {@link #settle}. Does not wait; {@link #unsettle} takes it back. The endpoint has a device, an identity not yet.
     */
    void prepare(Endpoint endpoint);

    /**
     * Waits until the endpoint's map entries and programs are in the kernel, its identity and policy known: until then
     * the pod carries no traffic.
     *
     * @throws RuntimeException when that takes longer than the settler's deadline
     */
    void settle(Endpoint endpoint);

    /**
     * Takes in an endpoint that lived through a restart of the agent: its entries are in the kernel and must be part of
     * the desired state before anything is written. Does not wait.
     */
    void adopt(Endpoint endpoint);

    /**
     * Takes an endpoint's entries and programs out of the kernel, at once or as soon as the kernel lets it; one that
     * was never settled is no failure. Needs no control plane.
     *
     * @throws RuntimeException when its entries may still carry traffic
     */
    void unsettle(Endpoint endpoint);
}
