package io.fairlead.node.api;

import io.fairlead.contract.EndpointId;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.proto.agent.v1.Endpoint;
import io.fairlead.proto.agent.v1.EndpointLogEntry;
import io.fairlead.proto.agent.v1.EndpointPolicy;
import io.fairlead.proto.agent.v1.GetEndpointLogRequest;
import io.fairlead.proto.agent.v1.GetEndpointLogResponse;
import io.fairlead.proto.agent.v1.ListEndpointsResponse;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/** The answers to {@code fairlead endpoint}: the node's pods, its health endpoint and itself. Only reads. */
public final class EndpointDetails {
    private final EndpointManager endpoints;
    private final int hostEndpoint;
    private final IntFunction<Optional<EndpointPolicy>> policies;

    /** @param hostEndpoint id of the node's own endpoint; 0 while it has none, then it is not listed */
    public EndpointDetails(
            EndpointManager endpoints, int hostEndpoint, IntFunction<Optional<EndpointPolicy>> policies) {
        this.endpoints = endpoints;
        this.hostEndpoint = hostEndpoint;
        this.policies = policies;
    }

    /** All endpoints by id, what judges them included. */
    public ListEndpointsResponse list() {
        List<Endpoint> all = new ArrayList<>();
        endpoints.endpoints().forEach(endpoint -> all.add(judged(message(endpoint))));
        if (hostEndpoint != 0) {
            all.add(judged(Endpoint.newBuilder()
                    .setId(hostEndpoint)
                    .setIdentity(IdentityId.HOST.value())
                    .addLabels("reserved:" + IdentityId.Reserved.HOST.label())
                    .setState("ready")));
        }
        all.sort(Comparator.comparingInt(Endpoint::getId));
        return ListEndpointsResponse.newBuilder().addAllEndpoints(all).build();
    }

    /**
     * What became of an endpoint.
     *
     * @throws IllegalArgumentException when the id is none
     * @throws io.grpc.StatusRuntimeException NOT_FOUND when there is no such endpoint, and none of late
     */
    public GetEndpointLogResponse log(GetEndpointLogRequest request) {
        EndpointId id = new EndpointId(request.getEndpointId());
        if (hostEndpoint == id.value()) {
            return GetEndpointLogResponse.getDefaultInstance();
        }
        GetEndpointLogResponse.Builder response = GetEndpointLogResponse.newBuilder();
        endpoints
                .log()
                .of(id)
                .orElseThrow(() -> Status.NOT_FOUND
                        .withDescription("endpoint: " + id + " (expected: an id of \"fairlead endpoint list\")")
                        .asRuntimeException())
                .forEach(entry -> response.addEntries(EndpointLogEntry.newBuilder()
                        .setTimeMs(entry.at().toEpochMilli())
                        .setStatus(entry.status().text())
                        .setState(entry.state().text())
                        .setMessage(entry.message())));
        return response.build();
    }

    private Endpoint judged(Endpoint.Builder endpoint) {
        policies.apply(endpoint.getId()).ifPresent(endpoint::setPolicy);
        return endpoint.build();
    }

    private static Endpoint.Builder message(io.fairlead.node.endpoint.Endpoint endpoint) {
        Endpoint.Builder message = Endpoint.newBuilder()
                .setId(endpoint.id().value())
                .setContainerId(endpoint.attachment().containerId())
                .setInterfaceName(endpoint.attachment().ifname())
                .setHostInterface(endpoint.hostInterface())
                .addAllLabels(endpoint.workload().labels().texts())
                .setState(endpoint.state().text())
                .setNamespace(endpoint.workload().namespace().orElse(""))
                .setPodName(endpoint.workload().pod().orElse(""));
        for (Ip ip : endpoint.ips()) {
            if (ip.isV4()) {
                message.setIpv4(ip.toString());
            } else {
                message.setIpv6(ip.toString());
            }
        }
        endpoint.identity().ifPresent(identity -> message.setIdentity(identity.value()));
        endpoint.device()
                .ifPresent(device -> message.setIfindex(device.ifindex())
                        .setMac(device.mac().toString())
                        .setNodeMac(device.nodeMac().toString()));
        return message;
    }
}
