package io.fairlead.node.endpoint;

import io.fairlead.contract.EndpointId;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import java.util.List;
import java.util.Optional;

/**
 * A pod's interface on this node, immutable: each step of its life makes a new value.
 *
 * @param id number, unique on the node while the endpoint lives
 * @param request what the runtime asked for
 * @param addresses what it was given, IPv4 first
 * @param identity from its labels, once known
 * @param device its interfaces, once made
 * @param state where it is in its life
 */
public record Endpoint(
        EndpointId id,
        EndpointRequest request,
        List<PodAddress> addresses,
        Optional<IdentityId> identity,
        Optional<Device> device,
        EndpointState state) {
    public Endpoint {
        addresses = List.copyOf(addresses);
        boolean whole = state == EndpointState.READY || state == EndpointState.RESTORING;
        if (whole && (identity.isEmpty() || device.isEmpty() || addresses.isEmpty())) {
            throw new IllegalArgumentException("endpoint " + id + ": " + state.text()
                    + " with a part missing (expected: addresses, identity and device)");
        }
    }

    public Attachment attachment() {
        return request.attachment();
    }

    public Workload workload() {
        return request.workload();
    }

    /** Name of the host's end of its pair. */
    public String hostInterface() {
        return attachment().hostInterface();
    }

    public List<Ip> ips() {
        return addresses.stream().map(PodAddress::ip).toList();
    }

    Endpoint withIdentity(IdentityId known) {
        return new Endpoint(id, request, addresses, Optional.of(known), device, state);
    }

    Endpoint withDevice(Device made) {
        return new Endpoint(id, request, addresses, identity, Optional.of(made), state);
    }

    /** The endpoint one step on; staying in a state is allowed. */
    Endpoint in(EndpointState next) {
        if (next != state && !state.mayBecome(next)) {
            throw new IllegalStateException("endpoint " + id + ": " + state.text() + " to " + next.text()
                    + " (expected: a legal step of an endpoint's life)");
        }
        return new Endpoint(id, request, addresses, identity, device, next);
    }
}
