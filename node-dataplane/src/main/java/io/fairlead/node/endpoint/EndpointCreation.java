package io.fairlead.node.endpoint;

import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.EndpointException.Reason;
import io.fairlead.node.kernel.KernelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** One ADD: the steps and what takes them back. For one operation, so for one thread. */
final class EndpointCreation {
    private static final int EEXIST = 17;
    private static final Duration BLOCK_PATIENCE = Duration.ofSeconds(5);
    private final EndpointParts parts;
    private final EndpointRequest request;
    private final Undo undo = new Undo();
    private final AddressHold hold;
    private Optional<Endpoint> current = Optional.empty();

    EndpointCreation(EndpointParts parts, EndpointRequest request) {
        this.parts = parts;
        this.request = request;
        this.hold = new AddressHold(parts.pool(), parts.settings().expiry(), EndpointParts.owner(request));
    }

    Endpoint run() {
        try {
            claimAddresses();
            createDevices();
            prepare();
            acquireIdentity();
            step("unable to allocate IP", () -> {
                hold.claim();
                return endpoint();
            });
            publish();
            settle();
            return checkpoint(endpoint().in(EndpointState.READY));
        } catch (RuntimeException e) {
            takeBack(e);
            throw e;
        }
    }

    private void claimAddresses() {
        String owner = EndpointParts.owner(request);
        AddressPool pool = parts.pool();
        List<PodAddress> addresses = step("unable to allocate IP", () -> {
            List<PodAddress> taken = new ArrayList<>();
            for (Ip requested : request.requestedIps()) {
                pool.claim(requested, owner);
                taken.add(taken(requested));
            }
            for (Ip.Family family : pool.families()) {
                if (taken.stream().noneMatch(address -> address.ip().family() == family)) {
                    taken.add(taken(pool.allocate(pool.supply(family, request.pool()), owner, patience())));
                }
            }
            if (taken.isEmpty()) {
                throw new EndpointException(Reason.UNAVAILABLE, "required IPv4 PodCIDR not available");
            }
            taken.sort((a, b) -> a.ip().compareTo(b.ip()));
            return taken;
        });
        Endpoint endpoint = new Endpoint(
                parts.table().takeId(request.attachment()),
                request,
                addresses,
                Optional.empty(),
                Optional.empty(),
                EndpointState.CREATING);
        undo.add(() -> parts.releaseAddresses(endpoint));
        undo.add(() -> parts.table().remove(endpoint));
        checkpoint(endpoint);
    }

    private void acquireIdentity() {
        undo.add(() -> parts.queueIdentityRelease(endpoint()));
        step("unable to allocate identity", () -> {
            parts.registrations()
                    .acquire(
                            request.workload().labels(),
                            identity -> checkpoint(endpoint().withIdentity(identity)));
            return endpoint();
        });
    }

    private void createDevices() {
        PodDevices devices = parts.ports().devices();
        String hostInterface = endpoint().hostInterface();
        if (devices.find(hostInterface).isPresent()) {
            // No endpoint has it, and only this attachment's can be called so: a leftover of our own.
            devices.delete(hostInterface);
        }
        PodDevices.Pair pair = create(devices);
        undo.add(() -> devices.delete(hostInterface));
        checkpoint(endpoint().withDevice(Device.of(pair, parts.settings().mtu())));
    }

    private PodDevices.Pair create(PodDevices devices) {
        try {
            return devices.create(parts.spec(endpoint()));
        } catch (KernelException e) {
            if (e.errno() == EEXIST) {
                throw new EndpointException(
                        Reason.EXISTS,
                        "interface " + request.attachment().ifname() + " exists already in " + request.netns()
                                + " (expected: no interface of that name)",
                        e);
            }
            throw e;
        }
    }

    /** The undo comes first, here and in the next two: an attempt that failed may have taken effect. */
    private void publish() {
        undo.add(() -> parts.queueWithdrawal(endpoint()));
        step("unable to publish endpoint", () -> {
            parts.registrations().publish(endpoint());
            return endpoint();
        });
    }

    /** Programs are attached while the control plane is asked. */
    private void prepare() {
        undo.add(() -> parts.ports().settler().unsettle(endpoint()));
        parts.ports().settler().prepare(endpoint());
    }

    private void settle() {
        step("unable to settle endpoint in the datapath", () -> {
            parts.ports().settler().settle(endpoint());
            return endpoint();
        });
    }

    private void takeBack(RuntimeException cause) {
        // the undo gives them back, or keeps them as long as their device may be there
        hold.cancel();
        if (current.isPresent()) {
            parts.table().log().failed(endpoint(), EndpointLog.Status.FAILURE, String.valueOf(cause.getMessage()));
            Endpoint leaving = endpoint().in(EndpointState.DISCONNECTING);
            try {
                checkpoint(leaving);
            } catch (RuntimeException e) {
                // A full disk must not keep the pod's interface; a restart finds the endpoint half-made, which is
                // enough.
                parts.table().remember(leaving);
                cause.addSuppressed(e);
            }
        }
        undo.run(cause);
    }

    /** Another block is waited for no longer than a runtime does. */
    private Duration patience() {
        Duration most = parts.settings().patience();
        return most.compareTo(BLOCK_PATIENCE) < 0 ? most : BLOCK_PATIENCE;
    }

    private PodAddress taken(Ip ip) {
        undo.add(() -> parts.pool().release(ip, EndpointParts.owner(request)));
        hold.hold(ip);
        return parts.pool()
                .router(ip.family())
                .map(router -> new PodAddress(ip, router))
                .orElseThrow(() -> new EndpointException(Reason.ADDRESS, "no router address for " + ip));
    }

    private Endpoint checkpoint(Endpoint endpoint) {
        // First, so that what cannot be saved is undone all the same.
        current = Optional.of(endpoint);
        return parts.table().save(endpoint);
    }

    private Endpoint endpoint() {
        return current.orElseThrow(() -> new IllegalStateException("no step before the address needs the endpoint"));
    }

    /** Says which step failed; a failure nobody classified is the other side's, to be tried again. */
    private static <T> T step(String what, Supplier<T> action) {
        try {
            return action.get();
        } catch (KernelException e) {
            throw e;
        } catch (EndpointException e) {
            throw new EndpointException(e.reason(), what + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new EndpointException(Reason.UNAVAILABLE, what + ": " + e.getMessage(), e);
        }
    }
}
