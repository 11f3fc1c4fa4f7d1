package io.fairlead.soak.client;

import java.util.concurrent.ScheduledExecutorService;

/**
 * What nodes talk to.
 *
 * @param ipam replicas of the ipam-service
 * @param identity replicas of the identity-service
 * @param routes replicas of the route-distributor
 * @param clock where pauses between attempts end; not ended here
 */
public record Services(Replicas ipam, Replicas identity, Replicas routes, ScheduledExecutorService clock)
        implements AutoCloseable {
    @Override
    public void close() {
        ipam.close();
        identity.close();
        routes.close();
    }
}
