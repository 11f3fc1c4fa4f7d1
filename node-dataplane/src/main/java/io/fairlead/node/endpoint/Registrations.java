package io.fairlead.node.endpoint;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.node.endpoint.EndpointException.Reason;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;

/**
 * What the control plane knows of this node's endpoints. A release that waited may be about an identity or an address
 * that a newer endpoint has again: it is delivered only while nobody takes one, and only if nobody has it.
 */
final class Registrations {
    private static final long PATIENCE_MILLIS = 200;
    private final IdentityAllocator identities;
    private final EndpointPublisher publisher;
    private final EndpointTable table;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(); // read: taking; write: releasing

    Registrations(IdentityAllocator identities, EndpointPublisher publisher, EndpointTable table) {
        this.identities = identities;
        this.publisher = publisher;
        this.table = table;
    }

    /**
     * The number of a label set; what the node holds for another endpoint it need not ask for.
     *
     * @param record enters the identity in the table before any release can be delivered
     */
    void acquire(Labels labels, Consumer<IdentityId> record) {
        taking(() -> record.accept(held(labels).orElseGet(() -> identities.identityFor(labels))));
    }

    /** The same from the control plane alone: what the node holds, the store has lost. */
    void acquireAnew(Labels labels, Consumer<IdentityId> record) {
        taking(() -> record.accept(identities.identityFor(labels)));
    }

    private Optional<IdentityId> held(Labels labels) {
        return table.living()
                .filter(endpoint -> endpoint.workload().labels().equals(labels))
                .flatMap(endpoint -> endpoint.identity().stream())
                .findFirst();
    }

    /** The endpoint must be in the table already. */
    void publish(Endpoint endpoint) {
        taking(() -> publisher.publish(endpoint));
    }

    private void taking(Runnable action) {
        lock.readLock().lock();
        try {
            action.run();
        } finally {
            lock.readLock().unlock();
        }
    }

    /** @throws RuntimeException when it must be tried again */
    void deliver(Release release) {
        try {
            if (!lock.writeLock().tryLock(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new EndpointException(Reason.BUSY, "endpoints are being registered");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EndpointException(Reason.BUSY, "agent is stopping", e);
        }
        try {
            if (release instanceof Release.OfIdentity identity) {
                releaseIdentity(identity.identity());
            } else if (release instanceof Release.OfAddress address) {
                withdraw(address.ip());
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void releaseIdentity(IdentityId identity) {
        if (table.living().noneMatch(e -> e.identity().filter(identity::equals).isPresent())) {
            identities.release(identity);
        }
    }

    private void withdraw(Ip ip) {
        if (table.living().noneMatch(e -> e.ips().contains(ip))) {
            publisher.withdraw(ip);
        }
    }
}
