package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.proto.agent.v1.Endpoint;
import io.fairlead.proto.agent.v1.GetEndpointLogRequest;
import io.fairlead.proto.agent.v1.GetHealthRequest;
import io.fairlead.proto.agent.v1.GetHealthResponse;
import io.fairlead.proto.agent.v1.IdentityEntry;
import io.fairlead.proto.agent.v1.ListBpfIpmasqRequest;
import io.fairlead.proto.agent.v1.ListEndpointsRequest;
import io.fairlead.proto.agent.v1.ListIdentitiesRequest;
import io.fairlead.proto.agent.v1.ListIdentitiesResponse;
import io.fairlead.proto.agent.v1.NodeHealth;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Questions about one thing, put to the agent. Every call throws {@link AgentException} when there is no answer. */
public final class AgentDetails {
    private final AgentClient client;

    /** @param client stays the caller's to close */
    public AgentDetails(AgentClient client) {
        this.client = client;
    }

    /** An endpoint; empty when there is none. */
    public Optional<Answer> endpoint(EndpointName id) {
        return find(id).map(EndpointAnswer::new);
    }

    /** What became of an endpoint; empty when the agent has none that is meant. A number may be of one that is gone. */
    public Optional<Answer> endpointLog(EndpointName id) {
        Optional<Integer> number =
                id.text().matches("[0-9]+") ? Optional.of(Integer.parseInt(id.text())) : find(id).map(Endpoint::getId);
        return number.map(n -> new EndpointLogAnswer(client.call(stub -> stub.getEndpointLog(
                GetEndpointLogRequest.newBuilder().setEndpointId(n).build()))));
    }

    private Optional<Endpoint> find(EndpointName id) {
        return client
                .call(stub -> stub.listEndpoints(ListEndpointsRequest.getDefaultInstance()))
                .getEndpointsList()
                .stream()
                .filter(id::means)
                .findFirst();
    }

    /** The identity of a number; empty when the node knows none. */
    public Optional<Answer> identity(long number) {
        return identities(entry -> Integer.toUnsignedLong(entry.getIdentity()) == number);
    }

    /** The identities that have all these labels; empty when there is none. */
    public Optional<Answer> identities(List<String> labels) {
        return identities(entry -> Set.copyOf(entry.getLabelsList()).containsAll(labels));
    }

    private Optional<Answer> identities(java.util.function.Predicate<IdentityEntry> wanted) {
        List<IdentityEntry> found = client
                .call(stub -> stub.listIdentities(ListIdentitiesRequest.getDefaultInstance()))
                .getIdentitiesList()
                .stream()
                .filter(wanted)
                .toList();
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(new IdentitiesAnswer(ListIdentitiesResponse.newBuilder()
                        .addAllIdentities(found)
                        .build()));
    }

    /** The prefixes that pods' packets go to as they are. */
    public Answer ipmasq() {
        return new BpfIpmasqAnswer(client.call(stub -> stub.listBpfIpmasq(ListBpfIpmasqRequest.getDefaultInstance())));
    }

    /**
     * What is known of the nodes.
     *
     * @param probe whether all are probed first
     * @param succinct a line a node
     * @param verbose every address and every time
     */
    public Answer health(boolean probe, boolean succinct, boolean verbose) {
        HealthAnswer.Form form =
                succinct ? HealthAnswer.Form.SUCCINCT : verbose ? HealthAnswer.Form.VERBOSE : HealthAnswer.Form.NORMAL;
        return new HealthAnswer(health(probe), form);
    }

    /** What is known of this node alone. */
    public Answer ownHealth() {
        List<NodeHealth> own = health(false).getNodesList().stream()
                .filter(NodeHealth::getLocal)
                .toList();
        long oldest = own.stream()
                .flatMap(node ->
                        java.util.stream.Stream.concat(node.getHostList().stream(), node.getEndpointList().stream()))
                .flatMap(path -> java.util.stream.Stream.of(path.getIcmp(), path.getHttp()))
                .mapToLong(result -> result.getProbedMs())
                .filter(at -> at != 0)
                .min()
                .orElse(0);
        return new HealthAnswer(
                GetHealthResponse.newBuilder()
                        .setProbeTimeMs(oldest)
                        .addAllNodes(own)
                        .build(),
                HealthAnswer.Form.VERBOSE);
    }

    /** Whether the agent answers about health. */
    public Answer healthPing() {
        health(false);
        return new HealthPing();
    }

    private GetHealthResponse health(boolean probe) {
        return client.call(stub ->
                stub.getHealth(GetHealthRequest.newBuilder().setProbe(probe).build()));
    }
}
