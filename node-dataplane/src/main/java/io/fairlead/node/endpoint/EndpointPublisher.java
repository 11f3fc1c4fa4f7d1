package io.fairlead.node.endpoint;

import io.fairlead.contract.Ip;

/**
 * Tells the control plane which identity is behind an address of this node. Calls block, with a deadline of their own;
 * several threads may call.
 */
public interface EndpointPublisher {
    /**
     * Publishes all addresses of an endpoint, replacing what was said about them before.
     *
     * @throws RuntimeException when it may not have been recorded
     */
    void publish(Endpoint endpoint);

    /**
     * Withdraws an address of this node. One that is not published is no failure.
     *
     * @throws RuntimeException when that must be tried again
     */
    void withdraw(Ip ip);
}
